"""The published interval: where another session's latency will lie (rule 6)."""

import math
from enum import StrEnum
from statistics import NormalDist

from edgemeter_agents.measuring.confidence import student_quantile
from edgemeter_agents.measuring.repeatability import SessionSpread
from edgemeter_agents.measuring.statistics import Interval

COVERAGE = 0.90


class Condition(StrEnum):
    """What a session's repeatability depends on before its target has a history."""

    QUIET_REALTIME = "quiet_realtime"
    QUIET_NORMAL = "quiet_normal"
    CONTENDED_CPU_TIME = "contended_cpu_time"


#: The stated prior: standard deviation of one session's log latency. Two sessions differ by sqrt(2) of it,
#: and a mean retest error is 1.128 times it (2 / sqrt pi). From `make bench`, see docs/benchmarks.md.
PRIOR_SPREAD = {
    Condition.QUIET_REALTIME: SessionSpread(0.015),
    Condition.QUIET_NORMAL: SessionSpread(0.013),
    Condition.CONTENDED_CPU_TIME: SessionSpread(0.016),
}
#: The same for visits too short to outlast what slows a host for a while.
BRIEF_PRIOR_SPREAD = {
    Condition.QUIET_REALTIME: SessionSpread(0.040),
    Condition.QUIET_NORMAL: SessionSpread(0.025),
    Condition.CONTENDED_CPU_TIME: SessionSpread(0.030),
}
BRIEF_S = 0.1


def prior_spread(condition: Condition, timed_s: float) -> SessionSpread:
    """What is assumed of a target without a history. `timed_s` is the least that a visit is timed for."""
    return (BRIEF_PRIOR_SPREAD if timed_s < BRIEF_S else PRIOR_SPREAD)[condition]


def prediction_interval(
    latency_ms: float, within_error: float, spread: SessionSpread, device_deviation: float = 0.0
) -> Interval:
    """The 90 % interval, in ms, for the latency of another session on this target.

    `within_error` is the standard error of `latency_ms` within its own session, as a share; the other
    session is taken to have the same. `device_deviation` is the standard deviation of log latency between the
    devices that offer the target, 0 for one device. Symmetric in the logarithm: errors are
    relative, and a latency cannot be negative.
    """
    deviation = math.sqrt(2 * (spread.deviation**2 + within_error**2 + device_deviation**2))
    reach = _quantile(spread) * deviation
    return Interval(latency_ms * math.exp(-reach), latency_ms * math.exp(reach))


def _quantile(spread: SessionSpread) -> float:
    upper = (1 + COVERAGE) / 2
    return NormalDist().inv_cdf(upper) if spread.degrees is None else student_quantile(upper, spread.degrees)
