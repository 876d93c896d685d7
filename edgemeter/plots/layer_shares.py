"""Where the time of a network goes on each target: the share of every layer, in the order of execution."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edgemeter.cli.text import printable
from edgemeter.failures import EdgeMeterError
from edgemeter.measurement import Layer

#: Kinds of layers that have a colour of their own, the most expensive ones; the rest are grey.
_KINDS: Final = 9
_REST: Final = "#b5b5b5"
_TITLE_SIGNS: Final = 90
_ROW_INCHES: Final = 2.2
_WIDTH_INCHES: Final = 11.0


@dataclass(frozen=True, slots=True)
class LayerShares:
    """The layers of one network on one target. `latency_ms` is that of the whole network, unprofiled."""

    network: str
    target: str
    latency_ms: float
    layers: tuple[Layer, ...]


class PlotError(EdgeMeterError):
    """A picture that cannot be drawn. Says why."""


def draw(shares: Sequence[LayerShares], file: Path) -> None:
    """One row of bars for each target, to an .svg, .png or .pdf. Raises PlotError."""
    if file.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise PlotError(f"{file.name} is neither .svg, .png nor .pdf")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise PlotError("plots need matplotlib: pip install 'edgemeter[plots]'") from None
    # Not pyplot: it keeps windows and global state.
    figure = Figure(figsize=(_WIDTH_INCHES, 1.0 + _ROW_INCHES * len(shares)), layout="constrained")
    colours = _colours(shares)
    axes = figure.subplots(len(shares), 1, squeeze=False)[:, 0]
    for axis, each in zip(axes, shares, strict=True):
        _bars(axis, each, colours)
    axes[-1].set_xlabel("layer, in the order of execution")
    _legend(figure, colours, shares)
    try:
        figure.savefig(file, dpi=150)
    except OSError as error:
        raise PlotError(f"{file.name} cannot be written: {error.strerror}") from None


def _bars(axis: Any, shares: LayerShares, colours: dict[str, Any]) -> None:
    heights = [100 * layer.share for layer in shares.layers]
    axis.bar(
        range(1, len(heights) + 1),
        heights,
        width=0.85,
        color=[colours.get(layer.kind, _REST) for layer in shares.layers],
    )
    # parse_math: names come from files, and a dollar sign is no formula.
    axis.set_title(
        f"{_short(shares.network)}\n{_short(shares.target)}: {shares.latency_ms:.4g} ms",
        loc="left",
        fontsize=9,
        parse_math=False,
    )
    axis.set_ylabel("share, %")
    axis.set_xlim(0.3, len(heights) + 0.7)
    axis.spines[["top", "right"]].set_visible(False)


def _short(text: str) -> str:
    """A line that fits over the bars."""
    shown = printable(text, 10 * _TITLE_SIGNS)
    half = _TITLE_SIGNS // 2
    return shown if len(shown) <= _TITLE_SIGNS else f"{shown[:half]} … {shown[-half:]}"


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
