"""A sample of networks by two metrics, and those that are on the Pareto front of both."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.metrics.pareto import pareto_front
from edgemeter.plots.pictures import PlotError, bare, new_figure, save, set_title, short

Array = NDArray[np.float64]
_FRONT: Final = "#d62728"


@dataclass(frozen=True, slots=True)
class Axis:
    """One metric of n networks, (n,) each; what is exact has equal ends."""

    label: str
    value: Array
    low: Array
    high: Array


def draw(title: str, x: Axis, y: Axis, file: Path) -> None:
    """Both the smaller the better; intervals are drawn of the front. Raises PlotError, also for none."""
    if not len(x.value):
        raise PlotError("there is no network to draw")
    rows = pareto_front(np.column_stack([x.value, y.value]))
    rows = rows[np.argsort(x.value[rows], kind="stable")]
    figure = new_figure(7.5, 5.6)
    axis = figure.subplots()
    axis.plot(x.value, y.value, "o", markersize=2.5, alpha=0.35, color="#1f77b4", zorder=1)
    axis.step(x.value[rows], y.value[rows], where="post", color=_FRONT, linewidth=0.9, zorder=2)
    axis.errorbar(
        x.value[rows],
        y.value[rows],
        xerr=_bars(x, rows),
        yerr=_bars(y, rows),
        fmt="o",
        markersize=4,
        elinewidth=0.8,
        color=_FRONT,
        zorder=3,
    )
    _limit(axis.set_xlim, x, rows)
    _limit(axis.set_ylim, y, rows)
    axis.set_xlabel(short(x.label), parse_math=False)
    axis.set_ylabel(short(y.label), parse_math=False)
    set_title(axis, f"{short(title)}\n{len(rows)} of {len(x.value)} networks on the front, with intervals")
    bare(axis)
    save(figure, file)


def _bars(axis: Axis, rows: NDArray[np.intp]) -> Array:
    return np.maximum([(axis.value - axis.low)[rows], (axis.high - axis.value)[rows]], 0.0)


def _limit(set_limits: Any, axis: Axis, rows: NDArray[np.intp]) -> None:
    """Around the networks and the front's intervals, these no further than twice the networks."""
    span = float(np.ptp(axis.value)) or float(axis.value.max()) or 1.0
    low = max(float(min(axis.value.min(), axis.low[rows].min())), float(axis.value.min()) - span)
    high = min(float(max(axis.value.max(), axis.high[rows].max())), float(axis.value.max()) + span)
    set_limits(low - 0.04 * span, high + 0.04 * span)
