"""Contended visits: found, repeated, or honestly replaced (rule 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgemeter.failures import Failure, FailureKind
from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.measuring.visit import Visit


@dataclass(frozen=True, slots=True)
class Accept:
    """Enough quiet visits: their wall time is the latency. Contended ones are left out here
    and kept with the raw data."""

    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many visits are still missing or to be made again."""

    visits: int


@dataclass(frozen=True, slots=True)
class Substitute:
    """The host is busy for good: CPU time times `ratio` stands in for wall time, in all visits."""

    visits: tuple[Visit, ...]
    ratio: float


@dataclass(frozen=True, slots=True)
class Fail:
    failure: Failure


Action = Accept | Repeat | Substitute | Fail


def is_contended(visit: Visit, protocol: MeasuringProtocol) -> bool:
    """Whether others took more than the protocol's share of the visit's wall time."""
    return visit.disturbance > protocol.contended_share


def next_action(
    visits: Sequence[Visit], protocol: MeasuringProtocol, *, repeats_made: int, cpu_ratio: float | None
) -> Action:
    """What to do with a job after the visits made so far.

    `repeats_made` counts the `Repeat`s already carried out after the first full set of visits.
    `cpu_ratio` is the anchors' quiet wall over their CPU time now (`AnchorHistory.cpu_ratio`), or
    None where CPU time may not stand in: more than one thread, an accelerator, or anchors
    never seen quiet. A passing disturbance is repeated; one in most visits is lasting.
    """
    quiet = tuple(visit for visit in visits if not is_contended(visit, protocol))
    missing = protocol.visits - len(quiet)
    if missing <= 0:
        return Accept(quiet)
    if len(visits) < protocol.visits:
        return Repeat(protocol.visits - len(visits))
    lasting = 2 * len(quiet) <= len(visits)
    exhausted = repeats_made >= protocol.contended_repeats
    if cpu_ratio is not None and (lasting or exhausted):
        return Substitute(tuple(visits), cpu_ratio)
    if not exhausted:
        return Repeat(missing)
    return Fail(_contended(visits, protocol))


def _contended(visits: Sequence[Visit], protocol: MeasuringProtocol) -> Failure:
    contended = [visit for visit in visits if is_contended(visit, protocol)]
    worst = max(visit.disturbance for visit in contended)
    return Failure(
        FailureKind.CONTENDED,
        f"Other work took up to {worst:.0%} of the time in {len(contended)} of {len(visits)} visits"
        f" (at most {protocol.contended_share:.0%} is allowed). Stop other programs, or allow real-time"
        " priority, and measure again.",
    )
