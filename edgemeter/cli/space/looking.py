"""Spaces, their architectures, what these cost and the networks they are, without a server."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter.cli.remote import json_option

if TYPE_CHECKING:
    from edgemeter.spaces.space import Codes, Space

space_argument: Final = click.argument("space_name", metavar="SPACE")
_WHAT_SPACE: Final = "SPACE is a name (see `edgemeter space list`) or the file of a generated space."


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the spaces that are installed."""
    from edgemeter.cli.space.printing import print_spaces
    from edgemeter.spaces.registry import find_space, space_names

    print_spaces([find_space(name) for name in space_names()], as_json=as_json)


@click.command(help=f"Show a space: its decisions, contexts and operators. {_WHAT_SPACE}")
@space_argument
@json_option
def show(space_name: str, as_json: bool) -> None:
    from edgemeter.cli.space.printing import print_space

    print_space(_open(space_name), as_json=as_json)


@click.command(help=f"Print how many architectures a space has, exactly. {_WHAT_SPACE}")
@space_argument
def size(space_name: str) -> None:
    from edgemeter.spaces.size import size as count

    click.echo(count(_open(space_name)))


@click.command(help=f"Print random architectures, one a line. {_WHAT_SPACE}")
@space_argument
@click.option("-n", "--count", type=click.IntRange(0, 1_000_000), default=10, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--weights", type=FILE, help='JSON: {"COLUMN": [a number for each choice]}. Default: uniform.')
@json_option
def sample(space_name: str, count: int, seed: int, weights: Path | None, as_json: bool) -> None:
    from edgemeter.cli.space.printing import print_architectures, read_weights
    from edgemeter.spaces.sampling import sample as draw

    found = _open(space_name)
    given = read_weights(weights) if weights else None
    print_architectures(found, draw(found, count, seed, given), as_json=as_json)


@click.command(
    help="Print multiply-adds, parameters and memory of architectures, given as text or, with `-`, as lines"
    f" on stdin; of all operators where none is given. {_WHAT_SPACE}"
)
@space_argument
@click.argument("architectures", nargs=-1)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
def costs(space_name: str, architectures: Sequence[str], as_csv: bool, as_json: bool) -> None:
    from edgemeter.cli.space.printing import print_costs
    from edgemeter.spaces.costs import architecture_costs, placed_costs

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    found = _open(space_name)
    if architectures:
        names = _lines() if tuple(architectures) == ("-",) else list(architectures)
        table = architecture_costs(found, _rows(found, names))
    else:
        names, table = [each.key for each in found.placed], placed_costs(found)
    print_costs(found, names, table, as_json=as_json, as_csv=as_csv)


@click.command(help=f"Print an architecture as text, from its codes (0,3,1,...). {_WHAT_SPACE}")
@space_argument
@click.argument("codes")
def encode(space_name: str, codes: str) -> None:
    from edgemeter.spaces.codes import codes_of
    from edgemeter.spaces.text import to_text

    try:
        numbers = [int(word) for word in codes.replace(",", " ").split()]
    except ValueError:
        raise click.UsageError(f"codes are whole numbers with commas, not {codes!r}") from None
    found = _open(space_name)
    click.echo(to_text(found, codes_of(found, numbers)))


@click.command(help=f"Print the codes of an architecture's text, with commas. {_WHAT_SPACE}")
@space_argument
@click.argument("architecture")
@json_option
def decode(space_name: str, architecture: str, as_json: bool) -> None:
    from edgemeter.cli.tables import print_document
    from edgemeter.spaces.text import from_text, to_document

    found = _open(space_name)
    row = from_text(found, architecture)
    if as_json:
        print_document("architecture", to_document(found, row) | {"codes": row.tolist()})
    else:
        click.echo(",".join(map(str, row.tolist())))


@click.command(
    help="Write the network of an architecture, or with --operator of one operator in its context, as a file."
    f" {_WHAT_SPACE}"
)
@space_argument
@click.argument("architecture")
@click.option("--operator", is_flag=True, help="ARCHITECTURE is an operator's key instead.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".onnx or .tflite"
)
@click.option("--precision", type=click.Choice(["fp32", "int8"]), default="fp32", show_default=True)
@click.option("--batch", type=click.IntRange(1, 1024), default=1, show_default=True)
def build(
    space_name: str, architecture: str, operator: bool, output: Path, precision: str, batch: int
) -> None:
    from edgemeter.networks.writing import write
    from edgemeter.spaces.counting import position_of
    from edgemeter.spaces.text import from_text
    from edgemeter.targets import Precision

    found = _open(space_name)
    if operator:
        network = found.build_placed(position_of(found, architecture), batch)
    else:
        network = found.build(from_text(found, architecture), batch)
    suffix = output.suffix.lower()
    if suffix not in (".onnx", ".tflite"):
        raise click.UsageError(f"the file's name says its format, .onnx or .tflite, not {suffix!r}")
    content = write(network, "onnx" if suffix == ".onnx" else "tflite", Precision(precision))
    try:
        output.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None


def _open(name: str) -> "Space":
    from edgemeter.spaces.subset_files import open_space

    return open_space(name)


def _lines() -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()]


def _rows(space: "Space", texts: Sequence[str]) -> "Codes":
    import numpy as np

    from edgemeter.spaces.text import from_text

    rows = [from_text(space, text) for text in texts]
    return np.asfortranarray(rows, dtype=np.uint8).reshape(len(rows), len(space.columns))
