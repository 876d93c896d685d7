"""What all pictures share: a figure without windows or global state, and its file."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgemeter.cli.text import printable
from edgemeter.failures import EdgeMeterError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ENDINGS: Final = (".svg", ".png", ".pdf")
_TITLE_SIGNS: Final = 90
_NEEDS: Final = "plots need matplotlib: pip install 'edgemeter[plots]'"


class PlotError(EdgeMeterError):
    """A picture that cannot be drawn. Says why."""


def check(file: Path) -> None:
    """Before work that takes long. Raises PlotError where a picture could not be written."""
    if file.suffix.lower() not in _ENDINGS:
        raise PlotError(f"{file.name} is neither .svg, .png nor .pdf")
    if not file.absolute().parent.is_dir():
        raise PlotError(f"{file} cannot be written: there is no such folder")
    if find_spec("matplotlib") is None:
        raise PlotError(_NEEDS)


def new_figure(width_inches: float, height_inches: float) -> "Figure":
    """Raises PlotError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise PlotError(_NEEDS) from None
    # Not pyplot: it keeps windows and global state.
    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def save(figure: "Figure", file: Path) -> None:
    """Raises PlotError where the file cannot be written."""
    check(file)
    try:
        figure.savefig(file, dpi=150)
    except OSError as error:
        raise PlotError(f"{file.name} cannot be written: {error.strerror}") from None


def set_title(axis: Any, text: str) -> None:
    # parse_math: names come from files, and a dollar sign is no formula.
    axis.set_title(text, loc="left", fontsize=9, parse_math=False)


def bare(axis: Any) -> None:
    axis.spines[["top", "right"]].set_visible(False)


def short(text: str) -> str:
    """A line that fits over a picture."""
    shown = printable(text, 10 * _TITLE_SIGNS)
    half = _TITLE_SIGNS // 2
    return shown if len(shown) <= _TITLE_SIGNS else f"{shown[:half]} … {shown[-half:]}"
