"""Metrics over several targets: those of "Discovering Multi-Hardware Mobile Models via Architecture Search".

With L_i the latency on target i of N, and its normalisation factor C_i:

    f_avg = 1/N sum_i L_i / C_i    (eq. 4)
    f_max = max_i L_i / C_i        (eq. 5)

C_i is the latency of a reference network there, the paper's is MobileNetV1; where some targets matter more,
C_i is divided by the target's weight.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def factors(reference_ms: ArrayLike, weights: Sequence[float] | None = None) -> Array:
    """C (targets,): the reference network's latency on each target, divided by the target's weight.

    Weights count in proportion, and are scaled to a mean of 1: the reference keeps f_avg = 1, and f_avg is
    never above f_max. Weight 0 leaves a target out (C is infinite). Raises ValueError for what is no latency,
    or for no weight at all.
    """
    reference = np.asarray(reference_ms, np.float64)
    if reference.ndim != 1 or not len(reference) or not ((reference > 0) & (reference < np.inf)).all():
        raise ValueError("the reference network has one latency for each target, positive and finite")
    weight = np.ones(len(reference)) if weights is None else np.asarray(weights, np.float64)
    if weight.shape != reference.shape or not (np.isfinite(weight) & (weight >= 0)).all():
        raise ValueError("each target has one weight, of 0 or more")
    if not weight.any():
        raise ValueError("at least one target has a weight above 0")
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(reference / (weight / weight.mean()))


def f_avg(latency_ms: ArrayLike, c: Array) -> Array:
    """(n,) of latencies (n, targets), with the factors of each target.

    Of the lower ends of intervals it is the lower end of f_avg's interval, and of the upper ends the upper:
    as if all targets erred together, which is as wide as it can be for normal errors.
    """
    return np.asarray((np.asarray(latency_ms, np.float64) / c).mean(axis=-1))


def f_max(latency_ms: ArrayLike, c: Array) -> Array:
    """(n,) as `f_avg`. Of the lower ends of intervals it is the lower end of f_max's; see `joint_high_ms`."""
    return np.asarray((np.asarray(latency_ms, np.float64) / c).max(axis=-1))


def joint_high_ms(latency_ms: ArrayLike, high_ms: ArrayLike, level: float, c: Array) -> Array:
    """(n, targets): upper ends that all targets keep at once as surely as each keeps its own `high_ms`,
    whether or not they err together (a union bound, with the tails of a normal distribution).

    `f_max` of them is the upper end of its interval: each target alone may be the slowest.
    """
    targets, tail = int(np.isfinite(c).sum()), (1 - level) / 2
    normal = NormalDist()
    wider = normal.inv_cdf(1 - tail / targets) / normal.inv_cdf(1 - tail)
    mean = np.asarray(latency_ms, np.float64)
    return np.asarray(mean + wider * (np.asarray(high_ms, np.float64) - mean))
