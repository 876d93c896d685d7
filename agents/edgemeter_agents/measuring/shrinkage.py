"""How much of the anchors' drift is worth correcting, judged on a device's own history (rule 4)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev

from edgemeter_agents.measuring.anchors import AnchorSession, Reference
from edgemeter_agents.measuring.confidence import student_quantile

#: So many sessions are asked before any correction.
FEWEST_SESSIONS = 10
#: What an anchor does on its own, assumed until the history tells, and for how many sessions that counts.
PRIOR_ANCHOR_NOISE = 0.015
PRIOR_WEIGHT = 5


@dataclass(frozen=True, slots=True)
class Shift:
    """One session against the reference, as shares of it."""

    light: float
    heavy: float

    @property
    def common(self) -> float:
        return (self.light + self.heavy) / 2


def shifts(sessions: Sequence[AnchorSession], reference: Reference) -> list[Shift]:
    return [
        Shift(s.light.wall_ms / reference.light_ms - 1, s.heavy.wall_ms / reference.heavy_ms - 1)
        for s in sessions
    ]


def anchor_noise(moved: Sequence[Shift]) -> float:
    """Standard deviation of one anchor's own part, from the difference of both; pulled to the prior."""
    differences = [shift.light - shift.heavy for shift in moved]
    centre = fmean(differences) if differences else 0.0
    squares = sum((difference - centre) ** 2 for difference in differences) / 2
    degrees = max(0, len(differences) - 1)
    return math.sqrt((PRIOR_WEIGHT * PRIOR_ANCHOR_NOISE**2 + squares) / (PRIOR_WEIGHT + degrees))


def shrinkage(sessions: Sequence[AnchorSession], reference: Reference) -> float:
    """s in raw / (1 + s d): the drift's share of what the anchors show, 0..1.

    0 until ten sessions, on this very target, show that correcting lowers the retest error.
    """
    if len(sessions) < FEWEST_SESSIONS:
        return 0.0
    moved = shifts(sessions, reference)
    drift_variance = max(0.0, _covariance(moved))
    noise_variance = anchor_noise(moved) ** 2
    both = drift_variance / (drift_variance + noise_variance / 2)
    return both if _helps(sessions, moved, both=both, alone=by_one_anchor(both)) else 0.0


def by_one_anchor(both: float) -> float:
    """The drift's share of what one anchor shows, where `both` is its share of what both show together.

    D / (D + N) from D / (D + N / 2), with the drift's variance D and an anchor's noise N.
    """
    return both / (2 - both)


def _covariance(moved: Sequence[Shift]) -> float:
    light, heavy = fmean(s.light for s in moved), fmean(s.heavy for s in moved)
    return sum((s.light - light) * (s.heavy - heavy) for s in moved) / (len(moved) - 1)


def _helps(sessions: Sequence[AnchorSession], moved: Sequence[Shift], *, both: float, alone: float) -> bool:
    """A one-sided 95 % test that retest errors fall.

    An anchor cannot vouch for its own correction: the light one is corrected by the heavy one alone
    and the other way round; repeated jobs are corrected by both.
    """
    gains = [
        fmean(_gains(before, now, shift_before, shift_now, both, alone))
        for (before, now), (shift_before, shift_now) in zip(pairwise(sessions), pairwise(moved), strict=True)
    ]
    spread = stdev(gains)
    return fmean(gains) > student_quantile(0.95, len(gains) - 1) * spread / math.sqrt(len(gains))


def _gains(
    before: AnchorSession, now: AnchorSession, old: Shift, new: Shift, both: float, alone: float
) -> Iterator[float]:
    yield _gain(before.light.wall_ms, now.light.wall_ms, alone * old.heavy, alone * new.heavy)
    yield _gain(before.heavy.wall_ms, now.heavy.wall_ms, alone * old.light, alone * new.light)
    for name in before.repeats.keys() & now.repeats.keys():
        yield _gain(before.repeats[name], now.repeats[name], both * old.common, both * new.common)


def _gain(before_ms: float, now_ms: float, before_shift: float, now_shift: float) -> float:
    raw = math.log(now_ms / before_ms)
    return abs(raw) - abs(raw - math.log((1 + now_shift) / (1 + before_shift)))
