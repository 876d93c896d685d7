"""What else runs on the machine, and what its host takes away."""

import os
import re
from dataclasses import dataclass

from edgemeter_agents.conditions.cgroup import throttled_ns
from edgemeter_agents.conditions.roots import Roots, read_text

_LOADAVG = re.compile(
    r"([0-9]{1,6}\.[0-9]+) ([0-9]{1,6}\.[0-9]+) ([0-9]{1,6}\.[0-9]+) ([0-9]{1,9})/[0-9]{1,9}\b.*", re.ASCII
)
_STEAL_FIELD = 7  # user nice system idle iowait irq softirq steal ...


@dataclass(frozen=True, slots=True)
class Load:
    """`runnable_threads` counts the reader itself. Times are totals: only differences mean anything.

    `steal_ns` is what the host of a virtual machine took, over all processors. `quota_throttled_ns`
    is what the quota of this container or service took.
    """

    averages: tuple[float, float, float] | None
    runnable_threads: int | None
    steal_ns: int | None
    quota_throttled_ns: int | None


def read_load(roots: Roots) -> Load:
    averages, runnable = parse_loadavg(read_text(roots.proc / "loadavg"))
    steal_ns = parse_steal_ns(read_text(roots.proc / "stat"), os.sysconf("SC_CLK_TCK"))
    return Load(averages, runnable, steal_ns, throttled_ns(roots))


def parse_loadavg(text: str | None) -> tuple[tuple[float, float, float] | None, int | None]:
    found = _LOADAVG.fullmatch(text or "")
    if not found:
        return None, None
    return (float(found[1]), float(found[2]), float(found[3])), int(found[4])


def parse_steal_ns(stat: str | None, ticks_per_s: int) -> int | None:
    found = re.search(r"^cpu +([0-9 ]{1,400})$", stat or "", re.MULTILINE | re.ASCII)
    fields = found[1].split() if found else []
    return int(fields[_STEAL_FIELD]) * 1_000_000_000 // ticks_per_s if len(fields) > _STEAL_FIELD else None
