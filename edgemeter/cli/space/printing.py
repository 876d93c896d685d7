"""Spaces, architectures and their costs as people and programs read them."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from edgemeter.cli.tables import print_document, print_facts, print_table

if TYPE_CHECKING:
    from edgemeter.spaces.costs import CostTable
    from edgemeter.spaces.sampling import Weights
    from edgemeter.spaces.space import Codes, Column, Space

#: How a cost is named in the table; JSON and CSV have the names of `CostTable`.
_TITLES: Final = {
    "macs": "multiply-adds",
    "other_ops": "other ops",
    "parameters": "parameters",
    "activation_bytes": "activations",
    "peak_activation_bytes": "at once",
    "kernels": "kernels",
}
_SHORT: Final = 12


def print_spaces(spaces: Sequence["Space"], *, as_json: bool) -> None:
    if as_json:
        print_document("spaces", {"spaces": [_summary(space) for space in spaces]})
        return
    print_table(
        ("Space", "Version#", "Decisions#", "Contexts#", "Operators#", "Architectures#"),
        ([*list(_summary(space).values())[:-1], _short(_summary(space)["size"])] for space in spaces),
    )


def print_space(space: "Space", *, as_json: bool) -> None:
    if as_json:
        columns = [{"name": each.name, "choices": list(each.choices)} for each in space.columns]
        layers = [each.name for each in space.layers]
        placed = [each.key for each in space.placed]
        print_document(
            "space-facts", _summary(space) | {"columns": columns, "layers": layers, "placed": placed}
        )
        return
    summary = _summary(space)
    print_facts(
        (
            ("space", f"{space.name} (version {space.version})"),
            ("architectures", f"{summary['size']:,}"),
            ("decisions", summary["decisions"]),
            ("operators in context", f"{summary['operators']:,}"),
            ("distinct contexts", f"{summary['contexts']:,}"),
        )
    )
    print_table(("Decision", "Choices"), _runs(space.columns))


def print_architectures(space: "Space", codes: "Codes", *, as_json: bool) -> None:
    from edgemeter.spaces.text import to_text

    texts = (to_text(space, row) for row in codes)
    if as_json:
        print_document("architectures", {"space": space.name, "architectures": list(texts)})
        return
    for text in texts:
        click.echo(text)


def print_costs(
    space: "Space", names: Sequence[str], table: "CostTable", *, as_json: bool, as_csv: bool
) -> None:
    columns = [each.name for each in fields(table)]
    rows = list(zip(*(getattr(table, column).tolist() for column in columns), strict=True))
    if as_json:
        documents = [
            {"name": name, **dict(zip(columns, row, strict=True))}
            for name, row in zip(names, rows, strict=True)
        ]
        print_document("costs", {"space": space.name, "version": space.version, "costs": documents})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["name", *columns])
        writer.writerows((name, *row) for name, row in zip(names, rows, strict=True))
    else:
        titles = ("Name", *(f"{_TITLES[column]}#" for column in columns))
        numbers = ([f"{number:,}" for number in row] for row in rows)
        print_table(titles, ([name, *row] for name, row in zip(names, numbers, strict=True)))


def read_weights(path: Path) -> "Weights":
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise click.ClickException(f"{path.name} cannot be read: {error}") from None
    if not isinstance(document, dict) or not all(
        isinstance(each, list) and all(isinstance(number, int | float) for number in each)
        for each in document.values()
    ):
        raise click.ClickException(f"{path.name} has not the form {{column: [numbers]}}")
    return document


def _summary(space: "Space") -> dict[str, Any]:
    from edgemeter.spaces.counting import contexts
    from edgemeter.spaces.size import size

    return {
        "name": space.name,
        "version": space.version,
        "decisions": len(space.columns),
        "contexts": len(contexts(space)),
        "operators": len(space.placed),
        "size": size(space),
    }


def _short(number: int) -> str:
    return f"{number:,}" if number < 10**_SHORT else f"{number:.3e}"


def _runs(columns: Sequence["Column"]) -> list[tuple[str, str]]:
    """Neighbouring columns of equal choices share a line."""
    rows: list[tuple[str, str, tuple[str, ...]]] = []
    for column in columns:
        if rows and rows[-1][2] == column.choices:
            rows[-1] = (rows[-1][0], column.name, column.choices)
        else:
            rows.append((column.name, column.name, column.choices))
    return [
        (first if first == last else f"{first} .. {last}", " ".join(choices)) for first, last, choices in rows
    ]
