"""How latency is distributed over the architectures of search spaces (HURRICANE, Figure 3)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.plots.pictures import PlotError, bare, new_figure, save, set_title, short

Array = NDArray[np.float64]
_BINS: Final = 80


def draw(title: str, latency_ms: Mapping[str, Array], file: Path) -> None:
    """One outline for each space (or target), all over the same bins. Raises PlotError, also for none."""
    if not latency_ms:
        raise PlotError("there is no space to draw")
    everything = np.concatenate(list(latency_ms.values()))
    # A handful of extreme architectures must not squeeze all others into one bin.
    low, high = np.quantile(everything, (0.0005, 0.9995))
    margin = 0.02 * (high - low) or 0.01 * high
    bins = np.linspace(low - margin, high + margin, _BINS + 1).tolist()
    figure = new_figure(8.0, 4.6)
    axis = figure.subplots()
    for name, values in latency_ms.items():
        spread = f"{np.quantile(values, 0.05):.3g} to {np.quantile(values, 0.95):.3g} ms"
        shares = np.full(len(values), 100 / len(values))
        axis.hist(
            values,
            bins,
            weights=shares,
            histtype="stepfilled",
            alpha=0.35,
            label=f"{short(name)}: 90 % have {spread}",
        )
    axis.set_xlabel("predicted latency, ms")
    axis.set_ylabel("share of sampled architectures, %")
    legend = axis.legend(fontsize=8, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
    set_title(axis, short(title))
    bare(axis)
    save(figure, file)
