"""What a search lost by trusting predictions, once its finalists are measured."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Regret:
    """`chosen` and `best` are rows: what the predictions pick, and what the measurements would have.
    `lost` is the difference in quality, never negative unless the pick breaks the limit (`over_percent`
    > 0 says by how much). None where no row keeps the limit.
    """

    chosen: int | None
    best: int | None
    lost: float
    over_percent: float


def regret(quality: Array, predicted_ms: Array, measured_ms: Array, limit_ms: float) -> Regret:
    """The best `quality` (n,), higher is better, of latency at most `limit_ms`."""
    chosen, best = _pick(quality, predicted_ms, limit_ms), _pick(quality, measured_ms, limit_ms)
    if chosen is None:
        return Regret(None, best, 0.0 if best is None else float("inf"), 0.0)
    over = max(float(measured_ms[chosen] / limit_ms - 1), 0.0)
    lost = 0.0 if best is None else float(quality[best] - quality[chosen])
    return Regret(chosen, best, lost, 100 * over)


def latency_regret_percent(predicted_ms: Array, measured_ms: Array) -> float:
    """How much slower the network predicted to be fastest is than the fastest measured."""
    return float(100 * (measured_ms[np.argmin(predicted_ms)] / measured_ms.min() - 1))


def _pick(quality: Array, latency_ms: Array, limit_ms: float) -> int | None:
    """The faster one of equal qualities."""
    rows = np.flatnonzero(latency_ms <= limit_ms)
    if not len(rows):
        return None
    return int(rows[np.lexsort((latency_ms[rows], -quality[rows]))[0]])
