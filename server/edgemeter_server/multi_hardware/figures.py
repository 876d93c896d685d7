"""The metrics of many networks as arrays, and as what is answered."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemeter.metrics.multi_hardware import f_avg, f_max, joint_high_ms
from edgemeter.spaces.costs import Counts, architecture_cost
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.subset import root
from edgemeter.wire.estimates import ArchitectureEstimate, TargetLatency
from edgemeter.wire.metrics import MOST_BUILT, NORMALISED, Figure, Metric, NetworkMetrics
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal

Array = NDArray[np.float64]

_COUNTED = frozenset({Metric.MACS, Metric.PARAMETERS, Metric.PEAK_ACTIVATION_BYTES})


@dataclass(frozen=True, slots=True, eq=False)
class Latencies:
    """(n, targets) each."""

    latency_ms: Array
    low_ms: Array
    high_ms: Array
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Of n networks; what no metric needs is empty. `factors` (targets,) are the normalisation's, `qualities`
    is (n,).
    """

    latencies: Latencies | None
    factors: Array
    counts: Mapping[Metric, Counts]
    qualities: Array

    def to_minimise(self, metrics: Sequence[Metric]) -> Array:
        """(n, columns): one for each metric, and of latencies one for each target."""
        return np.column_stack([self._column(metric) for metric in metrics]).astype(np.float64)

    def _column(self, metric: Metric) -> NDArray[np.generic]:
        if metric is Metric.QUALITY:
            return -self.qualities
        if metric in _COUNTED:
            return self.counts[metric]
        assert self.latencies is not None  # noqa: S101 - whoever asks for a timed metric has made them
        latency_ms = self.latencies.latency_ms
        if metric is Metric.LATENCY_MS:
            return latency_ms
        return (f_avg if metric is Metric.F_AVG else f_max)(latency_ms, self.factors)


def counts(space: Space, codes: Codes, metrics: Collection[Metric]) -> dict[Metric, Counts]:
    """Raises Refusal: INVALID for a network that computes nothing, TOO_LARGE for more than can be built."""
    wanted = [metric for metric in metrics if metric in _COUNTED]
    if Metric.PEAK_ACTIVATION_BYTES in wanted and not root(space).chained and len(codes) > MOST_BUILT:
        raise Refusal(
            ProblemType.TOO_LARGE,
            f"in {space.name} branches live side by side, and the peak of memory is known by building each"
            f" network: at most {MOST_BUILT} at once, or leave {Metric.PEAK_ACTIVATION_BYTES} out",
        )
    try:
        return {metric: architecture_cost(space, codes, metric.value) for metric in wanted}
    except CodeError as error:
        raise Refusal(ProblemType.INVALID, str(error)) from None


def latencies_of(estimates: Sequence[ArchitectureEstimate], targets: int, level: float) -> Latencies:
    """Of all architectures on the first target, then on the next."""
    rows = [(each.latency_ms, each.interval.low_ms, each.interval.high_ms) for each in estimates]
    cube = np.array(rows, np.float64).reshape(targets, -1, 3).transpose(2, 1, 0)
    return Latencies(cube[0], cube[1], cube[2], level)


def documents(
    figures: Figures,
    texts: Sequence[str],
    estimates: Sequence[ArchitectureEstimate],
    metrics: Collection[Metric],
    rows: Iterable[int],
) -> Iterator[NetworkMetrics]:
    """Those of the networks in `rows`, in that order. `estimates` are those of `latencies_of`."""
    averages, largest = _figures(figures, metrics)
    counted = {metric.value: values.tolist() for metric, values in figures.counts.items()}
    qualities = figures.qualities.tolist()
    for row in rows:
        yield NetworkMetrics(
            architecture=texts[row],
            latencies=tuple(map(_on_target, estimates[row :: len(texts)])),
            f_avg=averages[row] if Metric.F_AVG in metrics else None,
            f_max=largest[row] if Metric.F_MAX in metrics else None,
            quality=qualities[row] if qualities else None,
            **{name: values[row] for name, values in counted.items()},
        )


def _figures(figures: Figures, metrics: Collection[Metric]) -> tuple[list[Figure], list[Figure]]:
    """f_avg and f_max of each network, where either is asked for."""
    found, c = figures.latencies, figures.factors
    if found is None or not NORMALISED.intersection(metrics):
        return [], []
    joint_ms = joint_high_ms(found.latency_ms, found.high_ms, found.level, c)
    averages = (f_avg(found.latency_ms, c), f_avg(found.low_ms, c), f_avg(found.high_ms, c))
    largest = (f_max(found.latency_ms, c), f_max(found.low_ms, c), f_max(joint_ms, c))
    return _rows(averages), _rows(largest)


def _rows(columns: Sequence[Array]) -> list[Figure]:
    values = zip(*(column.tolist() for column in columns), strict=True)
    return [Figure(value=value, low=low, high=high) for value, low, high in values]


def _on_target(estimate: ArchitectureEstimate) -> TargetLatency:
    return TargetLatency(
        target=estimate.target,
        latency_ms=estimate.latency_ms,
        interval=estimate.interval,
        source=estimate.source,
        measurement_id=estimate.measurement_id,
        predictor_id=estimate.predictor_id,
        predictor_number=estimate.predictor_number,
        basis=estimate.basis,
    )
