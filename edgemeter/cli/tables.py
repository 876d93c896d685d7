"""Answers of the server as tables and documents. Every text in them is strange: it is made harmless first."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from edgemeter.cli.output import data_console, print_json
from edgemeter.cli.text import plain

_CELL_SIGNS = 160
_FACT_SIGNS = 600  #: a sentence that explains must not end in its middle


def print_document(name: str, body: dict[str, Any]) -> None:
    """One JSON document that names its schema."""
    print_json({"schema_name": f"edgemeter/{name}", "schema_version": 1, **body})


def dumped(items: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [item.model_dump(mode="json") for item in items]


def print_listing(columns: Sequence[str], rows: Iterable[Sequence[object]], none: str) -> None:
    """A table; where there are no rows, `none` on stderr: that there are none, and how to get one."""
    if found := list(rows):
        print_table(columns, found)
    else:
        sys.stderr.write(f"{none}\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """`columns` that end in "#" hold numbers and stand at the right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        right = column.endswith("#")
        table.add_column(column.rstrip("#"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    if title is not None:
        data_console().print(_cell(title))
    data_console().print(table)


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """One thing, a line for each fact; what is empty is left out."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in facts:
        if _cell(value):
            table.add_row(_cell(name), _cell(value, _FACT_SIGNS))
    data_console().print(table)


def _cell(value: object, signs: int = _CELL_SIGNS) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, dict):
        return ", ".join(f"{_cell(name)}: {_cell(each)}" for name, each in value.items())
    return plain(str(value), signs)
