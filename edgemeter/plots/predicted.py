"""True latencies against predicted ones, with the intervals that were promised."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.plots.pictures import PlotError, bare, new_figure, save, set_title, short

Array = NDArray[np.float64]
_INSIDE: Final = "#1f77b4"
_OUTSIDE: Final = "#d62728"


@dataclass(frozen=True, slots=True)
class Predicted:
    """n networks of a space on a target, (n,) each; `title` says which, `level` is that of the intervals."""

    title: str
    measured_ms: Array
    predicted_ms: Array
    low_ms: Array
    high_ms: Array
    level: float

    @property
    def inside(self) -> NDArray[np.bool_]:
        return (self.low_ms <= self.measured_ms) & (self.measured_ms <= self.high_ms)


def draw(found: Predicted, file: Path) -> None:
    """Raises PlotError, also for none."""
    if not len(found.measured_ms):
        raise PlotError("there is no network to draw: none is both measured and predicted")
    figure = new_figure(6.5, 6.2)
    axis = figure.subplots()
    for inside, colour, word in ((True, _INSIDE, "inside"), (False, _OUTSIDE, "outside")):
        _points(axis, found, found.inside == inside, colour, f"{word} the {100 * found.level:.0f} % interval")
    _diagonal(axis, found)
    error = 100 * np.mean(np.abs(found.predicted_ms / found.measured_ms - 1))
    covered = 100 * np.mean(found.inside)
    networks = len(found.measured_ms)
    told = f"{networks} networks, mean error {error:.1f} %, {covered:.0f} % in their interval"
    set_title(axis, f"{short(found.title)}\n{told}")
    axis.set_xlabel("measured latency, ms")
    axis.set_ylabel("predicted latency, ms")
    axis.legend(fontsize=8, frameon=False, loc="upper left")
    bare(axis)
    save(figure, file)


def _points(axis: Any, found: Predicted, rows: NDArray[np.bool_], colour: str, label: str) -> None:
    if not rows.any():
        return
    predicted_ms = found.predicted_ms[rows]
    bars = np.maximum([predicted_ms - found.low_ms[rows], found.high_ms[rows] - predicted_ms], 0.0)
    finite = np.where(np.isfinite(bars), bars, 0.0)
    axis.errorbar(
        found.measured_ms[rows],
        predicted_ms,
        yerr=finite,
        fmt="o",
        markersize=3.5,
        elinewidth=0.8,
        color=colour,
        alpha=0.75,
        label=f"{label}: {int(rows.sum())}",
    )


def _diagonal(axis: Any, found: Predicted) -> None:
    drawn = (found.measured_ms, found.predicted_ms, found.low_ms, found.high_ms)
    both = np.concatenate([each[np.isfinite(each)] for each in drawn])
    margin = 0.05 * (float(np.ptp(both)) or float(both.max()))
    ends = (float(both.min()) - margin, float(both.max()) + margin)
    axis.plot(ends, ends, color="#777777", linewidth=0.8, linestyle="--", zorder=0)
    axis.set_xlim(*ends)
    axis.set_ylim(*ends)
    axis.set_aspect("equal")
