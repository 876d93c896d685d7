"""`edgemeter inspect`: what a network file holds and what each operator costs, without running it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.parameters import FILE, ShapeType

if TYPE_CHECKING:
    from edgemeter.graphs.graph import Graph


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--shape",
    "shapes",
    type=ShapeType(),
    multiple=True,
    help="Bind a dynamic input, for example `--shape image=1,3,224,224`. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the operators as CSV.")
def inspect(file: Path, shapes: Sequence[tuple[str, tuple[int, ...]]], as_json: bool, as_csv: bool) -> None:
    """Show the operators, shapes, multiply-adds, parameters and memory of an ONNX or TFLite FILE.

    Nothing is run and no weight is read. Exit code 2 means that the file cannot be read, and why.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    from edgemeter.graphs.limited import read_graph_limited

    try:
        graph = read_graph_limited(file, dict(shapes))
    except OSError as error:
        raise click.ClickException(f"the file cannot be opened: {error.strerror}") from None
    _print(file.name, graph, as_json=as_json, as_csv=as_csv)


def _print(file_name: str, graph: "Graph", *, as_json: bool, as_csv: bool) -> None:
    from edgemeter.cli import inspection

    if as_json:
        inspection.print_document(file_name, graph)
    elif as_csv:
        inspection.print_csv(graph)
    else:
        inspection.print_table(file_name, graph)
