"""Two metrics of compared networks, as the axes of a picture."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import rich_click as click

from edgemeter.plots.front import Axis
from edgemeter.wire.metrics import ComparedNetworks, Metric, NetworkMetrics

_LABELS: Final = {
    Metric.LATENCY_MS: "latency, ms",
    Metric.F_AVG: "f_avg: mean of latency / normaliser",
    Metric.F_MAX: "f_max: largest latency / normaliser",
    Metric.MACS: "multiply-adds",
    Metric.PARAMETERS: "parameters",
    Metric.PEAK_ACTIVATION_BYTES: "peak of activations, bytes",
}


def two_metrics(names: Sequence[str] | None, targets: Sequence[str]) -> tuple[Metric, Metric]:
    """Raises UsageError for what is not two numbers of a network."""
    if names is None:
        return (Metric.LATENCY_MS if len(targets) == 1 else Metric.F_MAX), Metric.PARAMETERS
    chosen = [Metric(name) for name in names]
    if len(chosen) != 2 or not set(chosen) <= _LABELS.keys():
        raise click.UsageError("a picture has two metrics: --metrics f_max,parameters for example")
    if Metric.LATENCY_MS in chosen and len(targets) > 1:
        raise click.UsageError("latency_ms is that of one target; of several there are f_avg and f_max")
    return chosen[0], chosen[1]


def axes(found: ComparedNetworks, metrics: tuple[Metric, Metric]) -> tuple[Axis, Axis]:
    x, y = (_axis(found, metric) for metric in metrics)
    return x, y


def _axis(found: ComparedNetworks, metric: Metric) -> Axis:
    numbers = np.array([_numbers(network, metric) for network in found.networks], np.float64).reshape(-1, 3)
    return Axis(_LABELS[metric], *numbers.T)


def _numbers(network: NetworkMetrics, metric: Metric) -> tuple[float, float, float]:
    """Value, low and high."""
    if metric is Metric.LATENCY_MS:
        [each] = network.latencies
        return each.latency_ms, each.interval.low_ms, each.interval.high_ms
    figure = network.f_avg if metric is Metric.F_AVG else network.f_max
    if metric in (Metric.F_AVG, Metric.F_MAX) and figure is not None:
        return figure.value, figure.low, figure.high
    count = float(getattr(network, metric.value))
    return count, count, count
