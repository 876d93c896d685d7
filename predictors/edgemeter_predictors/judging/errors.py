"""Errors of predictions against measurements that the model has not seen."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from edgemeter_predictors.judging.figures import Coverage, Errors
from edgemeter_predictors.judging.interval import Interval

Array = NDArray[np.float64]


def errors(predicted_ms: Array, measured_ms: Array) -> Errors:
    """Of one network at least."""
    relative = np.abs(predicted_ms / measured_ms - 1)
    return Errors(
        networks=len(measured_ms),
        mape_percent=float(100 * relative.mean()),
        rmse_ms=float(np.sqrt(np.mean(np.square(predicted_ms - measured_ms)))),
        within_5_percent=float(100 * np.mean(relative <= 0.05)),
        within_10_percent=float(100 * np.mean(relative <= 0.10)),
        spearman=_rank(spearmanr, predicted_ms, measured_ms),
        kendall=_rank(kendalltau, predicted_ms, measured_ms),
    )


def coverage(interval: Interval, measured_ms: Array) -> Coverage:
    """Of one network at least."""
    finite = np.isfinite(interval.low_ms) & np.isfinite(interval.high_ms)
    low = np.where(finite, interval.low_ms, 0.0)
    high = np.where(finite, interval.high_ms, 0.0)
    hit = finite & (low <= measured_ms) & (measured_ms <= high)
    width = (high - low) / measured_ms
    out = np.maximum(np.maximum(low - measured_ms, measured_ms - high), 0.0) / measured_ms
    score = width + 2 / (1 - interval.level) * out
    return Coverage(
        level=interval.level,
        networks=len(measured_ms),
        coverage_percent=float(100 * hit.mean()),
        width_percent=float(100 * width[finite].mean()) if finite.any() else float("inf"),
        score_percent=float(100 * score.mean()),
    )


def _rank(correlation: Any, predicted_ms: Array, measured_ms: Array) -> float:
    if np.ptp(predicted_ms) == 0 or np.ptp(measured_ms) == 0:
        return float("nan")
    return float(correlation(predicted_ms, measured_ms).statistic)
