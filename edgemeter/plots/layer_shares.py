"""Where the time of a network goes on each target: the share of every layer, in the order of execution."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edgemeter.measurement import Layer
from edgemeter.plots.pictures import bare, check, new_figure, save, set_title, short

#: Kinds of layers that have a colour of their own, the most expensive ones; the rest are grey.
_KINDS: Final = 9
_REST: Final = "#b5b5b5"
_ROW_INCHES: Final = 2.2
_WIDTH_INCHES: Final = 11.0


@dataclass(frozen=True, slots=True)
class LayerShares:
    """The layers of one network on one target. `latency_ms` is that of the whole network, unprofiled."""

    network: str
    target: str
    latency_ms: float
    layers: tuple[Layer, ...]


def draw(shares: Sequence[LayerShares], file: Path) -> None:
    """One row of bars for each target, to an .svg, .png or .pdf. Raises PlotError."""
    check(file)
    figure = new_figure(_WIDTH_INCHES, 1.0 + _ROW_INCHES * len(shares))
    colours = _colours(shares)
    axes = figure.subplots(len(shares), 1, squeeze=False)[:, 0]
    for axis, each in zip(axes, shares, strict=True):
        _bars(axis, each, colours)
    axes[-1].set_xlabel("layer, in the order of execution")
    _legend(figure, colours, shares)
    save(figure, file)


def _bars(axis: Any, shares: LayerShares, colours: dict[str, Any]) -> None:
    heights = [100 * layer.share for layer in shares.layers]
    axis.bar(
        range(1, len(heights) + 1),
        heights,
        width=0.85,
        color=[colours.get(layer.kind, _REST) for layer in shares.layers],
    )
    set_title(axis, f"{short(shares.network)}\n{short(shares.target)}: {shares.latency_ms:.4g} ms")
    axis.set_ylabel("share, %")
    axis.set_xlim(0.3, len(heights) + 0.7)
    bare(axis)


def _colours(shares: Sequence[LayerShares]) -> dict[str, Any]:
    """By kind, the same on all targets, those with the largest share first."""
    from matplotlib.colors import TABLEAU_COLORS

    totals: dict[str, float] = {}
    for each in shares:
        for layer in each.layers:
            totals[layer.kind] = totals.get(layer.kind, 0.0) + layer.share
    largest = sorted(totals, key=lambda kind: (-totals[kind], kind))[:_KINDS]
    return dict(zip(largest, TABLEAU_COLORS.values(), strict=False))


def _legend(figure: Any, colours: dict[str, Any], shares: Sequence[LayerShares]) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, label=kind[:40]) for kind, colour in colours.items()]
    if any(layer.kind not in colours for each in shares for layer in each.layers):
        patches.append(Patch(color=_REST, label="other"))
    legend = figure.legend(handles=patches, loc="outside right center", fontsize=8, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
