"""The published interval: where another session's latency will lie (rule 6)."""

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from statistics import fmean

from edgemeter_agents.measuring.confidence import student_quantile
from edgemeter_agents.measuring.repeatability import SessionSpread
from edgemeter_agents.measuring.statistics import Interval

COVERAGE = 0.90
_UPPER = (1 + COVERAGE) / 2


class Condition(StrEnum):
    """What a session's repeatability depends on before its target has a history."""

    QUIET_REALTIME = "quiet_realtime"
    QUIET_NORMAL = "quiet_normal"
    CONTENDED_CPU_TIME = "contended_cpu_time"


#: The stated prior: standard deviation of one session's log latency, all that moves it included. Two sessions
#: differ by sqrt(2) of it, and a mean retest error is 1.128 times it (2 / sqrt pi). From `make bench` on
#: several days, see docs/benchmarks.md.
PRIOR_SPREAD = {
    Condition.QUIET_REALTIME: SessionSpread(0.013),
    Condition.QUIET_NORMAL: SessionSpread(0.012),
    Condition.CONTENDED_CPU_TIME: SessionSpread(0.014),
}
#: The same for visits too short to outlast what slows a host for a while.
BRIEF_PRIOR_SPREAD = {
    Condition.QUIET_REALTIME: SessionSpread(0.025),
    Condition.QUIET_NORMAL: SessionSpread(0.019),
    Condition.CONTENDED_CPU_TIME: SessionSpread(0.022),
}
BRIEF_S = 0.1
#: A stated prior weighs as much as so many sessions.
PRIOR_DEGREES = 10


def prior_spread(condition: Condition, timed_s: float) -> SessionSpread:
    """What is assumed of a target without a history. `timed_s` is the least that a visit is timed for."""
    return (BRIEF_PRIOR_SPREAD if timed_s < BRIEF_S else PRIOR_SPREAD)[condition]


def expected_spread(
    condition: Condition, timed_s: float, history: SessionSpread | None, noise: float = 0.0
) -> SessionSpread:
    """How far this session and another one are expected to lie apart: the history's word, else the prior.

    `history` is of quiet sessions; contended ones leave none. What it says of the target holds for them
    too, widened as the prior is. `noise` is what the visits of the whole batch say, see `batch_noise`: on a
    host that has become restless, sessions lie no closer together than the parts of this one.
    """
    if history is None:
        told = prior_spread(condition, timed_s)
    elif condition is not Condition.CONTENDED_CPU_TIME:
        told = history
    else:
        quiet, contended = (prior_spread(c, timed_s) for c in (Condition.QUIET_NORMAL, condition))
        told = replace(history, deviation=history.deviation * contended.deviation / quiet.deviation)
    return replace(told, deviation=max(told.deviation, noise))


def batch_noise(errors: Sequence[float]) -> float:
    """Root mean square of the standard errors within the session of all networks of a batch, as shares.

    One network's three visits know their spread badly; those of the batch together know it well, and
    what disturbs them is the host's. 0 without networks.
    """
    return math.sqrt(fmean(error**2 for error in errors)) if errors else 0.0


def prediction_interval(
    latency_ms: float, within_error: float, visits: int, spread: SessionSpread, device_deviation: float = 0.0
) -> Interval:
    """The 90 % interval, in ms, for the latency of another session on this target.

    Two things tell how far sessions of this network lie apart: `spread`, of the target's sessions so far,
    and `within_error`, the standard error of `latency_ms` as the `visits` of its own session show it, a
    share. They estimate the same deviation, so they are pooled by their degrees of freedom and not added.
    `device_deviation` is the standard deviation of log latency between the devices that offer the
    target, 0 for one device. Symmetric in the logarithm: errors are relative, and a latency
    cannot be negative.
    """
    history, own = spread.degrees or PRIOR_DEGREES, visits - 1
    variance = (history * spread.deviation**2 + own * within_error**2) / (history + own)
    reach = student_quantile(_UPPER, history + own) * math.sqrt(2 * (variance + device_deviation**2))
    return Interval(latency_ms * math.exp(-reach), latency_ms * math.exp(reach))
