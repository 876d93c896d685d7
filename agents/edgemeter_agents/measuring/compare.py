"""A against B, interleaved; and one network against a limit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist, fmean, stdev

from edgemeter_agents.measuring.confidence import student_quantile
from edgemeter_agents.measuring.statistics import Interval

#: Differences below this do not count, however surely they are known.
NOISE_THRESHOLD = 0.02
#: With fewer visits a side, Mann and Whitney's test says little.
FEWEST_FOR_RANKS = 9
FEWEST_PAIRS = 3


class Verdict(StrEnum):
    FASTER = "faster"  #: B takes less time than A
    SLOWER = "slower"
    SAME = "same"  #: the whole interval lies within the noise threshold
    UNKNOWN = "unknown"  #: cannot tell: more visits, or a quieter host, may


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ratio` is B's latency over A's, `interval` its 95 % interval, `p_value` Mann and Whitney's
    two-sided one from nine visits a side on."""

    ratio: float
    interval: Interval
    verdict: Verdict
    pairs: int
    p_value: float | None


def compare(a_ms: Sequence[float], b_ms: Sequence[float]) -> Comparison:
    """Compares the medians of interleaved visits: `a_ms[i]` and `b_ms[i]` were measured side by side.

    Visits are the units, since samples within one share its luck. Drift that both
    of a pair share cancels in their ratio. Raises ValueError below three pairs.
    """
    if len(a_ms) != len(b_ms) or len(a_ms) < FEWEST_PAIRS:
        raise ValueError(f"a comparison needs at least {FEWEST_PAIRS} pairs of visits")
    logs = [math.log(b / a) for a, b in zip(a_ms, b_ms, strict=True)]
    centre, n = fmean(logs), len(logs)
    reach = student_quantile(0.975, n - 1) * stdev(logs) / math.sqrt(n)
    interval = Interval(math.exp(centre - reach), math.exp(centre + reach))
    p_value = mann_whitney(a_ms, b_ms) if n >= FEWEST_FOR_RANKS else None
    return Comparison(math.exp(centre), interval, _verdict(interval), n, p_value)


def _verdict(interval: Interval) -> Verdict:
    if interval.high < 1 - NOISE_THRESHOLD:
        return Verdict.FASTER
    if interval.low > 1 + NOISE_THRESHOLD:
        return Verdict.SLOWER
    if interval.low >= 1 - NOISE_THRESHOLD and interval.high <= 1 + NOISE_THRESHOLD:
        return Verdict.SAME
    return Verdict.UNKNOWN


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p-value that one side tends to be larger, by the normal approximation with
    continuity correction and ties counted half."""
    n, m = len(first), len(second)
    wins = sum((a > b) + (a == b) / 2 for a in first for b in second)
    distance = max(0.0, abs(wins - n * m / 2) - 0.5)
    score = distance / math.sqrt(n * m * (n + m + 1) / 12)
    return 2 * NormalDist().cdf(-score)


class LimitVerdict(StrEnum):
    WITHIN = "within"
    ABOVE = "above"
    UNDECIDED = "undecided"


def against_limit(interval_ms: Interval, limit_ms: float) -> LimitVerdict:
    """Whether a latency keeps a limit, judged by its published interval."""
    if interval_ms.high <= limit_ms:
        return LimitVerdict.WITHIN
    return LimitVerdict.ABOVE if interval_ms.low > limit_ms else LimitVerdict.UNDECIDED
