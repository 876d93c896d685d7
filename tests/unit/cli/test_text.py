"""Names from files in terminals and spreadsheets."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from edgemeter.cli.text import csv_cell, plain, printable, quantity

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "a\nb\r\nc\td",
    "\u202eevil\u2066",
    "[bold red]markup[/]",
    "[link=file:///etc/passwd]x[/link]",
    "trailing\\",
    "\x9b31m",
    "\ud800",
    "zero\u200bwidth",
]


def shown_by_rich(text):
    out = io.StringIO()
    Console(file=out, width=10_000, force_terminal=True, no_color=True, highlight=False).print(text, end="")
    return out.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_rich_shows_names_letter_by_letter(name):
    # rich doubles a backslash at the very end
    assert shown_by_rich(plain(name, 200)).rstrip("\\") == printable(name, 200).rstrip("\\")


@given(st.text())
def test_nothing_moves_the_cursor(name):
    assert not {unicodedata.category(sign) for sign in printable(name, 100)} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    }


@given(st.text(), st.integers(2, 50))
def test_length_is_bounded(name, limit):
    assert len(printable(name, limit)) <= limit


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=80))
def test_ordinary_names_stay_as_they_are(name):
    assert printable(name) == name


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "  =1", "\t=1", "\n=1", "\u00a0=1"]
)
def test_no_cell_is_a_formula(name):
    assert csv_cell(name)[0] not in "=+-@"
    assert not csv_cell(name).lstrip().startswith(("=", "+", "-", "@"))


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_cells_stay_in_their_row(names):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([csv_cell(name) for name in names])

    assert len(out.getvalue().splitlines()) == 1
    assert next(csv.reader([out.getvalue()])) == [csv_cell(name) for name in names]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "B", "?"),
        (0, "", "0"),
        (999, "B", "999 B"),
        (300_774_272, "", "301 M"),
        (14_155_944, "B", "14.2 MB"),
        (4.1e12, "", "4.1 T"),
    ],
)
def test_quantities(value, unit, text):
    assert quantity(value, unit) == text
