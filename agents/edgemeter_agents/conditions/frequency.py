"""Clocks of the processors: governors, limits, and the time spent at each frequency."""

import re
from dataclasses import dataclass
from pathlib import Path

from edgemeter_agents.conditions.roots import Roots, numbered, parse_cpus, read_integer, read_text

_STATE = re.compile(r"([0-9]{1,12}) +([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class FrequencyPolicy:
    """Processors that share one clock, as cpufreq has them. None is what the kernel does not tell.

    `time_in_state` pairs a frequency in kHz with the ticks of 10 ms spent at it since boot; the
    difference of two readings proves the clock that really ran, which `current_khz` does not.
    """

    cpus: tuple[int, ...]
    governor: str | None
    current_khz: int | None
    min_khz: int | None
    max_khz: int | None
    hardware_max_khz: int | None
    time_in_state: tuple[tuple[int, int], ...] = ()


def read_policies(roots: Roots) -> tuple[FrequencyPolicy, ...]:
    """One for each clock, in order of its first processor; empty on most virtual machines."""
    cpu = roots.sys / "devices" / "system" / "cpu"
    policies = [_read_policy(path, number) for number, path in numbered(cpu / "cpufreq", "policy")]
    if not policies:  # kernels before 4.3
        folders = ((n, path / "cpufreq") for n, path in numbered(cpu, "cpu"))
        policies = [_read_policy(path, number) for number, path in folders if path.is_dir()]
    return tuple({policy.cpus: policy for policy in policies}.values())


def parse_time_in_state(text: str | None) -> tuple[tuple[int, int], ...]:
    lines = (_STATE.fullmatch(line.strip()) for line in (text or "").splitlines())
    return tuple((int(found[1]), int(found[2])) for found in lines if found)


def effective_khz(before: FrequencyPolicy, after: FrequencyPolicy) -> float | None:
    """The mean frequency between two readings, weighted by time.

    None where the kernel does not count, no tick has passed, or the counters were reset.
    """
    earlier = dict(before.time_in_state)
    spent = [(khz, ticks - earlier.get(khz, 0)) for khz, ticks in after.time_in_state]
    total = sum(ticks for _, ticks in spent)
    if total <= 0 or not earlier or any(ticks < 0 for _, ticks in spent):
        return None
    return sum(khz * ticks for khz, ticks in spent) / total


def _read_policy(folder: Path, number: int) -> FrequencyPolicy:
    return FrequencyPolicy(
        cpus=parse_cpus(read_text(folder / "related_cpus")) or (number,),
        governor=read_text(folder / "scaling_governor") or None,
        current_khz=_read_khz(folder / "scaling_cur_freq"),
        min_khz=_read_khz(folder / "scaling_min_freq"),
        max_khz=_read_khz(folder / "scaling_max_freq"),
        hardware_max_khz=_read_khz(folder / "cpuinfo_max_freq"),
        time_in_state=parse_time_in_state(read_text(folder / "stats" / "time_in_state")),
    )


def _read_khz(path: Path) -> int | None:
    value = read_integer(path)
    return value if value is not None and value > 0 else None
