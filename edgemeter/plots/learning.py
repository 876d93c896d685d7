"""The learning curve: how far a model errs, fitted on more and more networks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgemeter.plots.pictures import bare, new_figure, save, set_title, short

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learning:
    """Fitted on `networks` (n,) architectures, it errs by `errors_percent` (n, draws) on others.
    `floor_percent` is what one network differs by between sessions; None where nobody knows.
    """

    title: str
    networks: NDArray[np.int64]
    errors_percent: Array
    floor_percent: float | None


def draw(found: Learning, file: Path) -> None:
    """The mean of the draws, and their range. Raises PlotError."""
    figure = new_figure(7.0, 4.6)
    axis = figure.subplots()
    mean = found.errors_percent.mean(axis=1)
    axis.fill_between(
        found.networks,
        found.errors_percent.min(axis=1),
        found.errors_percent.max(axis=1),
        alpha=0.2,
        color="#1f77b4",
        label=f"range of {found.errors_percent.shape[1]} draws",
    )
    axis.plot(found.networks, mean, "o-", markersize=4, color="#1f77b4", label="mean")
    if found.floor_percent is not None:
        axis.axhline(
            found.floor_percent, color="#777777", linewidth=0.9, linestyle="--", label="between sessions"
        )
    axis.set_xlabel("measured networks that it was fitted on")
    axis.set_ylabel("mean error on other networks, %")
    axis.set_ylim(bottom=0)
    axis.legend(fontsize=8, frameon=False)
    set_title(axis, short(found.title))
    bare(axis)
    save(figure, file)
