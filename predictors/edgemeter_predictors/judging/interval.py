"""Intervals that hold what another session will measure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Interval:
    """(n,) each: the latency lies between both with probability `level`. `low_ms` is never negative."""

    low_ms: NDArray[np.float64]
    high_ms: NDArray[np.float64]
    level: float
