"""A graph on stdout: as tables for people, as CSV, as JSON. Every name is made harmless first."""

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields

from rich import box
from rich.console import Console
from rich.table import Table

from edgemeter.cli.output import data_console, print_json
from edgemeter.cli.text import csv_cell, plain, quantity
from edgemeter.graphs.graph import Graph, Shape
from edgemeter.graphs.hashing import structural_hash
from edgemeter.graphs.survey import flops_survey
from edgemeter.graphs.table import Row, document_of, rows_of

_NAME_SIGNS = 48
_LISTED = 6  #: inputs or outputs shown before "and more"


def print_document(file_name: str, graph: Graph) -> None:
    print_json({"file": file_name, **document_of(graph)})


def print_csv(graph: Graph) -> None:
    """One row per operator, named as in the JSON document; unknown counts are empty."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    for row in rows_of(graph):
        writer.writerow(_cell(value) for value in astuple(row))


def _cell(value: object) -> object:
    if isinstance(value, str):
        return csv_cell(value)
    if isinstance(value, tuple):
        return " ".join(_written(shape) for shape in value)
    return value


def print_table(file_name: str, graph: Graph) -> None:
    console = data_console()
    console.print(f"[bold]{plain(file_name)}[/]")
    console.print(_header(graph))
    console.print(_operators(graph))
    _print_uncounted(console, graph)


def _header(graph: Graph) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    for title, value in _facts(graph):
        table.add_row(title, value)
    return table


def _facts(graph: Graph) -> Iterator[tuple[str, str]]:
    opsets = ", ".join(
        f"{plain(domain or 'ai.onnx', 40)} {version}" for domain, version in graph.opsets.items()
    )
    yield "format", f"{graph.format} ({opsets})"
    yield "producer", plain(graph.producer) or "not stated"
    yield "inputs", _tensors(graph, graph.inputs)
    yield "outputs", _tensors(graph, graph.outputs)
    yield "multiply-adds", f"{graph.macs:,}" + (" or more" if graph.uncounted else "")
    yield "other operations", f"{graph.other_ops:,}"
    yield "parameters", f"{graph.parameters:,}"
    yield "weights", quantity(graph.weight_bytes, "B")
    yield "activations", f"{quantity(graph.activation_bytes, 'B')} written, {_peak(graph)} at once"
    yield "FLOPs (survey)", f"{flops_survey(graph):,}"
    yield "structural hash", structural_hash(graph)


def _peak(graph: Graph) -> str:
    return quantity(graph.peak_activation_bytes, "B")


def _tensors(graph: Graph, names: Sequence[str]) -> str:
    shown = [_tensor(graph, name) for name in names[:_LISTED]]
    return "\n".join([*shown, f"and {len(names) - _LISTED} more"] if len(names) > _LISTED else shown)


def _tensor(graph: Graph, name: str) -> str:
    tensor = graph.tensors[name]
    return f"{plain(name, _NAME_SIGNS)}  {tensor.dtype} {_written(tensor.shape)}"


def _operators(graph: Graph) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("#", "MACs", "share", "params", "written"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("operator", "type", "output"):
        table.add_column(title, no_wrap=True)
    table.add_column("name", overflow="ellipsis", no_wrap=True)
    for row in rows_of(graph):
        table.add_row(*_cells(row, graph.macs))
    return table


def _cells(row: Row, total_macs: int) -> tuple[str, ...]:
    return (
        str(row.position),
        quantity(row.macs),
        f"{row.macs / total_macs:.1%}" if row.macs else "",
        quantity(row.parameters) if row.parameters else "",
        quantity(row.activation_bytes, "B"),
        plain(row.type, 32),
        row.dtype,
        _written(row.output_shapes[0]) if row.output_shapes else "",
        plain(row.name, _NAME_SIGNS),
    )


def _written(shape: Shape | None) -> str:
    return "?" if shape is None else "x".join(map(str, shape)) or "scalar"


def _print_uncounted(console: Console, graph: Graph) -> None:
    if not graph.uncounted:
        return
    kinds = sorted({operator.type for operator in graph.uncounted})
    shown = ", ".join(plain(kind, 32) for kind in kinds[:_LISTED])
    console.print(
        f"[yellow]Not counted, because they or their shapes are unknown: {len(graph.uncounted)} of "
        f"{len(graph.operators)} operators ({shown}). The multiply-adds are a lower bound.[/]"
    )
