"""Strange text made harmless: names from files for terminals and spreadsheets.

A name may hold escape sequences, newlines, signs that turn the reading direction round, rich
markup, or a spreadsheet formula. JSON needs none of this: `print_json` escapes it all.
"""

from typing import Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@")


def plain(text: str, limit: int = 80) -> str:
    """One line of at most `limit` signs (and the backslashes that keep rich from reading markup in it)."""
    from rich.markup import escape

    return escape(printable(text, limit))


def printable(text: str, limit: int = 80) -> str:
    """As `plain`, for output that does not go through rich."""
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def csv_cell(text: str, limit: int = 1000) -> str:
    """A cell that no spreadsheet takes for a formula: a quotation mark in front keeps it text."""
    shown = printable(text, limit)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA_STARTS) else shown


def quantity(value: float | None, unit: str = "") -> str:
    """Three significant digits with an SI prefix, such as "301 M" or "14.2 MB"; "?" for None."""
    if value is None:
        return "?"
    for scale, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale:
            return f"{value / scale:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".rstrip()


def interval_title(level: float) -> str:
    return f"{100 * level:g} % interval"


def milliseconds(value: float) -> str:
    """Four significant digits: more than any session repeats, enough to see a difference."""
    return f"{value:#.4g}".rstrip(".") if value < 1000 else f"{value:.0f}"
