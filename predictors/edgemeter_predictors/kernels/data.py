"""What the kernel model learns from: measured networks with the kernels of each, and their profiled times."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from edgemeter.kernels.kernel import KernelGraph
from edgemeter_predictors.data import DataError, Measured, Rows, check_latencies
from edgemeter_predictors.kernels.features import handed_over

Array = NDArray[np.float64]
Graphs = Sequence[KernelGraph]

#: How far a network's latency may move the profiled times of its kernels.
_LEAST_RATIO, _MOST_RATIO = 0.4, 2.5
#: What is left of a kernel's profiled time, at least, where profiling has added most of it.
_LEAST_SHARE: Final = 0.1
#: Networks that the prior of no difference between batches is worth; and how much one may say.
_BATCH_PRIOR: Final = 6
_LARGEST_RESIDUAL: Final = 0.3
#: From so many kernels on a sampled network is like those that people ask about.
NETWORK_KERNELS: Final = 8
FEWEST_NETWORKS: Final = 20
_US: Final = 1e3


@dataclass(frozen=True, slots=True, eq=False)
class KernelData(Measured[Graphs]):
    """n networks of one target. Every kernel has its time, from a profiled session of the same network.

    `batch` (n,) numbers what was measured together, and shares what the anchors do not see of its moment.
    """

    graphs: tuple[KernelGraph, ...]
    latency_ms: Array
    batch: NDArray[np.intp]
    retest_error: float = float("nan")

    def __post_init__(self) -> None:
        if self.batch.shape != (len(self.graphs),):
            raise DataError(f"{len(self.graphs)} networks have {self.batch.size} batches")
        check_latencies(self.latency_ms, len(self.graphs))
        bad = [n for n, graph in enumerate(self.graphs) if not (graph.kernels and graph.profiled)]
        if bad:
            raise DataError(f"every network has profiled kernels; row {bad[0]} does not")

    @property
    def inputs(self) -> Graphs:
        return self.graphs

    @property
    def same(self) -> NDArray[np.intp]:
        numbers: dict[tuple[object, ...], int] = {}
        found = [numbers.setdefault(_without_times(graph), len(numbers)) for graph in self.graphs]
        return np.array(found, np.intp)

    def select(self, rows: Rows) -> "KernelData":
        graphs = tuple(self.graphs[row] for row in rows)
        return KernelData(graphs, self.latency_ms[rows], self.batch[rows], self.retest_error)

    @property
    def repeat_deviation(self) -> float:
        """The retest error, by networks that were measured more than once; NaN without any."""
        _, number = np.unique(self.same, return_inverse=True)
        counts, logarithms = np.bincount(number), np.log(self.latency_ms)
        departures = logarithms - (np.bincount(number, logarithms) / counts)[number]
        repeats = len(number) - len(counts)
        return float(np.sqrt(np.square(departures).sum() / repeats)) if repeats else float("nan")

    def corrected(self, predicted_ms: Array) -> "KernelData":
        """As if all batches had been equally fast: what a batch's networks take longer than predicted, in
        the mean of the logarithms and as far as so few can say, is taken out.
        """
        residual = np.log(self.latency_ms / np.maximum(predicted_ms, np.finfo(float).tiny))
        bounded = np.clip(residual, -_LARGEST_RESIDUAL, _LARGEST_RESIDUAL)
        _, number = np.unique(self.batch, return_inverse=True)
        sums, counts = np.bincount(number, bounded), np.bincount(number)
        shift = sums / (counts + _BATCH_PRIOR) - bounded.mean()
        return replace(self, latency_ms=self.latency_ms * np.exp(-shift[number]))

    @property
    def networks(self) -> NDArray[np.intp]:
        """Rows that are networks rather than a kernel or two; all, where those are few."""
        sizes = np.array([len(graph.kernels) for graph in self.graphs], np.intp)
        rows = np.flatnonzero(sizes >= NETWORK_KERNELS)
        return rows if len(rows) >= FEWEST_NETWORKS else np.arange(len(sizes))

    def unprofiled(self) -> "Unprofiled":
        """Profiling adds to each kernel's time, and its session is another moment than the latency's. So the
        latency, less what a network costs beside its kernels, has the last word on their sum:
        y = a sum + b number + c + d . handed over by least squares of relative errors. Only b may be
        negative: it is then what profiling has added to each kernel, most of a small one's time.
        """
        times = [np.array([kernel.time_us for kernel in graph.kernels]) for graph in self.graphs]
        terms = np.array([(each.sum(), len(each), 1.0) for each in times]).reshape(-1, 3)
        beside = np.hstack([terms[:, 1:], handed_over(self.graphs)])
        latency_us = _US * self.latency_ms
        scale, *costs = _costs(np.hstack([terms[:, :1], beside]), latency_us)
        added_us, costs[0] = max(-costs[0], 0.0) / scale, max(costs[0], 0.0)
        times = [np.maximum(each - added_us, _LEAST_SHARE * each) for each in times]
        own = scale * np.array([each.sum() for each in times])
        explained = own + beside @ costs
        ratio = np.clip(latency_us / explained, _LEAST_RATIO, _MOST_RATIO)
        factors = scale * ratio ** (own / explained)
        scaled = [each * factor for each, factor in zip(times, factors, strict=True)]
        return Unprofiled(scaled, np.array(costs[-2:]))


@dataclass(frozen=True, slots=True, eq=False)
class Unprofiled:
    """What networks take where nothing is profiled: each network's kernels, and for each element that it is
    given and gives, (2,), what handing it over takes.
    """

    times_us: list[Array]
    handover_us: Array


def _costs(terms: Array, latency_us: Array) -> list[float]:
    """What each of the terms of `unprofiled` costs: a is positive, b is of either sign, the others are not
    negative.
    """
    scale = np.maximum(terms.max(axis=0, initial=0.0), 1.0)
    least, most = np.zeros_like(scale), np.full_like(scale, np.inf)
    least[:2], most[0] = (_LEAST_RATIO, -np.inf), _MOST_RATIO
    rows = terms / scale / latency_us[:, None]
    found = lsq_linear(rows, np.ones(len(rows)), (least * scale, most * scale)).x / scale
    return [float(each) for each in found]


def _without_times(graph: KernelGraph) -> tuple[object, ...]:
    return tuple(replace(kernel, name="", time_us=None, results=()) for kernel in graph.kernels)
