"""The state of the machine at one moment, and what moved between two."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edgemeter_agents.conditions.frequency import FrequencyPolicy, effective_khz, read_policies
from edgemeter_agents.conditions.load import Load, read_load
from edgemeter_agents.conditions.power import Power, read_power
from edgemeter_agents.conditions.roots import Roots, read_text
from edgemeter_agents.conditions.temperature import Temperature, read_temperatures
from edgemeter_agents.conditions.throttling import Throttling, read_throttling


@dataclass(frozen=True, slots=True)
class Conditions:
    """Taken before and after a visit, never inside a timed block: reading sensors takes time itself.

    What the machine does not tell is None or empty, and stays so: no value is guessed.
    """

    policies: tuple[FrequencyPolicy, ...]
    temperatures: tuple[Temperature, ...]
    throttling: Throttling
    load: Load
    power: Power
    uptime_s: float | None

    def document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One clock between two moments. `effective_khz` is the time-weighted mean, None where not counted."""

    cpus: tuple[int, ...]
    effective_khz: float | None
    hardware_max_khz: int | None
    governor_moved: bool
    limits_moved: bool
    limit_lowered: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What moved between two readings. None is unknown, never "nothing".

    `throttled` is evidence of throttling: a limit in force after, newly logged events, or a lowered
    upper limit. `temperature_rise_c` is the largest rise of any sensor that both readings have.
    """

    policies: tuple[PolicyChange, ...]
    steal_ns: int | None
    quota_throttled_ns: int | None
    temperature_rise_c: float | None
    throttled: bool | None
    charging_moved: bool | None

    @property
    def governor_moved(self) -> bool:
        return any(policy.governor_moved for policy in self.policies)

    @property
    def clock_moved(self) -> bool:
        """A governor or a frequency limit is another one than before."""
        return any(policy.governor_moved or policy.limits_moved for policy in self.policies)

    def effective_khz(self, cpus: Sequence[int]) -> float | None:
        """Of the slowest clock that drives any of `cpus`; None as soon as one of them is unknown."""
        wanted = [policy.effective_khz for policy in self.policies if set(policy.cpus) & set(cpus)]
        known = [khz for khz in wanted if khz is not None]
        return min(known) if known and len(known) == len(wanted) else None

    def document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def read_conditions(roots: Roots) -> Conditions:
    """Reads everything once. Never raises for what a machine lacks or garbles."""
    return Conditions(
        policies=read_policies(roots),
        temperatures=read_temperatures(roots),
        throttling=read_throttling(roots),
        load=read_load(roots),
        power=read_power(roots),
        uptime_s=parse_uptime_s(read_text(roots.proc / "uptime")),
    )


def difference(before: Conditions, after: Conditions) -> Change:
    """What moved from `before` to `after`, two readings of one machine in this order."""
    earlier = {policy.cpus: policy for policy in before.policies}
    policies = tuple(_moved(earlier[p.cpus], p) for p in after.policies if p.cpus in earlier)
    return Change(
        policies=policies,
        steal_ns=_grown(before.load.steal_ns, after.load.steal_ns),
        quota_throttled_ns=_grown(before.load.quota_throttled_ns, after.load.quota_throttled_ns),
        temperature_rise_c=_temperature_rise_c(before, after),
        throttled=_throttled(before, after, policies),
        charging_moved=_differs(before.power.status, after.power.status),
    )


def parse_uptime_s(text: str | None) -> float | None:
    found = re.match(r"([0-9]{1,12}\.[0-9]{1,9})\b", text or "", re.ASCII)
    return float(found[1]) if found else None


def _moved(before: FrequencyPolicy, after: FrequencyPolicy) -> PolicyChange:
    limits_before, limits_after = (before.min_khz, before.max_khz), (after.min_khz, after.max_khz)
    lowered = before.max_khz is not None and after.max_khz is not None and after.max_khz < before.max_khz
    return PolicyChange(
        cpus=after.cpus,
        effective_khz=effective_khz(before, after),
        hardware_max_khz=after.hardware_max_khz,
        governor_moved=before.governor != after.governor,
        limits_moved=limits_before != limits_after,
        limit_lowered=lowered,
    )


def _temperature_rise_c(before: Conditions, after: Conditions) -> float | None:
    earlier = {(t.sensor, t.name): t.celsius for t in before.temperatures}
    later = {(t.sensor, t.name): t.celsius for t in after.temperatures}
    return max((later[sensor] - earlier[sensor] for sensor in earlier.keys() & later.keys()), default=None)


def _throttled(before: Conditions, after: Conditions, policies: Sequence[PolicyChange]) -> bool | None:
    lowered = any(policy.limit_lowered for policy in policies)
    logged = _grown(before.throttling.events, after.throttling.events)
    if lowered or logged or after.throttling.active:
        return True
    return None if after.throttling.active is None and not policies else False


def _grown(before: int | None, after: int | None) -> int | None:
    # A total that shrank was reset (a processor went offline, the machine was resumed).
    return after - before if before is not None and after is not None and after >= before else None


def _differs(before: str | None, after: str | None) -> bool | None:
    return None if before is None or after is None else before != after
