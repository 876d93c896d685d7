"""Whether a device itself has moved, as the fixed networks that are measured with every batch tell."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A move counts from so many of what one reading differs from the next by.
_SPREADS = 2.5
#: The median absolute deviation of a normal distribution, in standard deviations.
_DEVIATION_SHARE = 0.6745


def anchor_shift(before: Array, since: Array) -> float:
    """How far the anchors have moved: drifts (n,) and (m,) from their reference, relative, one each at least.
    Medians, so that a disturbed batch moves nothing.
    """
    return float(np.median(since) - np.median(before))


def anchors_moved(before: Array, since: Array, retest_error: float) -> str:
    """What moved in words, empty where nothing did. `retest_error`: what sessions differ by, relative."""
    shift = anchor_shift(before, since)
    spread = float(np.median(np.abs(before - np.median(before)))) / _DEVIATION_SHARE
    usual = max(spread, retest_error)
    if abs(shift) <= _SPREADS * usual:
        return ""
    return f"the anchors are {shift:+.1%} off what they were at the fit, sessions differ by {usual:.1%}"
