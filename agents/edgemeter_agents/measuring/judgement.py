"""What the numbers of one job themselves say against it."""

from collections.abc import Iterator, Sequence

from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.measuring.anchors import Drift
from edgemeter_agents.measuring.contention import is_contended
from edgemeter_agents.measuring.distribution import Distribution
from edgemeter_agents.measuring.trend import trend
from edgemeter_agents.measuring.validity import Finding, Reason
from edgemeter_agents.measuring.visit import Visit

#: Of a protocol that samples until the median is known.
_LONGEST = "All its time was used: stop other programs, pin the clock or allow real-time priority."


def judge_samples(
    latencies: Sequence[Sequence[float]], distribution: Distribution, protocol: MeasuringProtocol
) -> Iterator[Finding]:
    """Doubts from the latencies of each visit, in ms and in order."""
    drifting = _common_drift(latencies, protocol)
    if drifting:
        yield Finding(
            Reason.DRIFT, f"by {max(drifting, key=abs):+.0%} in {len(drifting)} of {len(latencies)} visits"
        )
    if distribution.relative_range > max(protocol.unstable_range, 3 * distribution.relative_half_width):
        yield Finding(Reason.UNSTABLE_VISITS, f"{distribution.relative_range:.1%} apart")
    if distribution.relative_half_width > protocol.target_half_width:
        yield Finding(
            Reason.UNCONVERGED,
            f"to {distribution.relative_half_width:.1%} instead of {protocol.target_half_width:.1%}",
            _LONGEST if protocol.until_converged else "",
        )


def _common_drift(latencies: Sequence[Sequence[float]], protocol: MeasuringProtocol) -> list[float]:
    """The rises of the visits that drift one way, where most do, else none."""
    rises = [shown.rise for shown in map(trend, latencies) if shown.exceeds(protocol.trend_limit)]
    # Visits start at other moments: what most of them show alike is the network's or the device's doing.
    ways = ([rise for rise in rises if rise > 0], [rise for rise in rises if rise < 0])
    return next((way for way in ways if 2 * len(way) > len(latencies)), [])


def judge_visits(
    visits: Sequence[Visit], protocol: MeasuringProtocol, *, by_cpu_time: bool
) -> Iterator[Finding]:
    """Doubts from how the visits went."""
    contended = [visit for visit in visits if is_contended(visit, protocol)]
    if contended:
        worst = max(visit.disturbance for visit in contended)
        reason = Reason.CPU_TIME if by_cpu_time else Reason.CONTENDED
        yield Finding(reason, f"{worst:.0%} of the time in {len(contended)} of {len(visits)} visits")
    if not all(visit.delay_available for visit in visits):
        yield Finding(Reason.CONTENTION_UNKNOWN)
    if not all(visit.block.warmed_up for visit in visits):
        yield Finding(Reason.NOT_WARMED_UP)


def judge_anchors(drift: Drift | None) -> Iterator[Finding]:
    """Doubts from the anchors of the job's batch."""
    if drift is None:
        return
    if not drift.agree:
        yield Finding(Reason.ANCHORS_DISAGREE)
    if drift.excessive:
        yield Finding(Reason.ANCHOR_DRIFT, f"{drift.value:+.0%}")
