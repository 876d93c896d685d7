"""Residuals by group: where a predictor errs, and to which side."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.plots.pictures import PlotError, bare, new_figure, save, set_title, short

Array = NDArray[np.float64]
_ROW_INCHES: Final = 0.45
_FEWEST_BOXED: Final = 5  #: quartiles of fewer mean nothing


def draw(title: str, residuals_percent: Mapping[str, Array], file: Path) -> None:
    """A row for each group, of (measured / predicted - 1) in percent: every network a dot, a box where there
    are five; those with most networks on top. Raises PlotError, also for none.
    """
    groups = sorted((name for name in residuals_percent if len(residuals_percent[name])), key=str)
    groups.sort(key=lambda name: len(residuals_percent[name]))
    if not groups:
        raise PlotError("there is no network to draw: none is both measured and predicted")
    figure = new_figure(8.0, 1.8 + _ROW_INCHES * len(groups))
    axis = figure.subplots()
    values = [residuals_percent[name] for name in groups]
    for row, some in enumerate(values, 1):
        if len(some) >= _FEWEST_BOXED:
            _box(axis, row, some)
    draws = np.random.default_rng(0)
    for row, some in enumerate(values, 1):
        heights = row + draws.uniform(-0.18, 0.18, len(some))
        axis.plot(some, heights, "o", markersize=2.5, alpha=0.5, color="#1f77b4")
    axis.axvline(0, color="#777777", linewidth=0.8, linestyle="--", zorder=0)
    labels = [f"{short(name)} ({len(residuals_percent[name])})" for name in groups]
    axis.set_yticks(range(1, len(groups) + 1), labels, fontsize=8, parse_math=False)
    axis.set_xlabel("measured above predicted, %")
    set_title(axis, short(title))
    bare(axis)
    save(figure, file)


def _box(axis: Any, row: int, values: Array) -> None:
    axis.boxplot(
        [values],
        positions=[row],
        orientation="horizontal",
        showfliers=False,
        widths=0.55,
        medianprops={"color": "#d62728"},
    )
