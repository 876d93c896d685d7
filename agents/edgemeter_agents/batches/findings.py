"""What the shell around the measuring core found: precision, placement, threads, clocks, heat, charge."""

from collections.abc import Iterator, Sequence

from edgemeter_agents.conditions.snapshot import Change
from edgemeter_agents.measuring.validity import Finding, Reason
from edgemeter_agents.runtimes.base import Facts, Settings


def judge_execution(asked: Settings, processor: str, facts: Facts) -> Iterator[Finding]:
    """Whether the runtime did what it was asked for (rule 8, fallback detector)."""
    if facts.precision_executed is None:
        yield Finding(Reason.PRECISION_UNKNOWN)
    elif facts.precision_executed is not asked.precision:
        yield Finding(Reason.PRECISION_DIFFERS, f"{facts.precision_executed} instead of {asked.precision}")
    if facts.threads is not None and facts.threads != asked.threads:
        yield Finding(Reason.THREADS_DIFFER, f"{facts.threads} instead of {asked.threads}")
    elsewhere = sum(count for name, count in facts.placement.items() if name != processor)
    if not facts.placement:
        yield Finding(Reason.PLACEMENT_UNKNOWN)
    elif elsewhere:
        everything = elsewhere == sum(facts.placement.values())
        reason = Reason.FALLBACK_FULL if everything else Reason.FALLBACK_PARTIAL
        yield Finding(reason, f"{elsewhere} of {sum(facts.placement.values())} operators")


def judge_conditions(changes: Sequence[Change]) -> Iterator[Finding]:
    """What moved between the beginning and the end of any visit."""
    if any(change.throttled for change in changes):
        yield Finding(Reason.THROTTLED)
    if any(change.clock_moved for change in changes):
        yield Finding(Reason.CLOCK_MOVED)
    if any(change.charging_moved for change in changes):
        yield Finding(Reason.CHARGING_CHANGED)
