"""`edgemeter layers`: where the time of a network goes on each target."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.plots.layer_shares import LayerShares
    from edgemeter.wire.requests import RequestDocument


@click.command()
@click.argument("networks", nargs=-1, required=True, metavar="NETWORK...")
@click.option("--target", "-t", "targets", multiple=True, help="Where to measure files. May be repeated.")
@click.option("--csv", "as_csv", is_flag=True, help="One row for each layer.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw it too: .svg, .png or .pdf."
)
@project_option
@json_option
@remote
def layers(
    client: "Client",
    networks: tuple[str, ...],
    targets: tuple[str, ...],
    as_csv: bool,
    plot: Path | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Tell the share that each layer has of a network's latency, on each target.

    NETWORK is the number of a measurement that has layers, or a file (or the sha256 of one that the project
    has), which is then measured on the targets. Exit code 4: something could not be measured.
    """
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    files = [network for network in networks if not _is_number(network)]
    if files and not targets:
        raise click.UsageError(f"{files[0]} is no number of a measurement: --target says where to measure it")
    if plot is not None:
        from edgemeter.plots.pictures import check

        check(plot)  # measuring takes minutes: what is wrong with the picture is told before
    answers = _measured(client, files, targets, project) if files else []
    numbers = [int(network) for network in networks if _is_number(network)]
    numbers += [answer.estimate.measurement_id for answer in answers if answer.estimate]
    shares = [_of_measurement(client, number) for number in numbers]
    if plot is not None and shares:
        from edgemeter.plots.layer_shares import draw

        draw(shares, plot)
    _print(shares, as_csv=as_csv, as_json=as_json)
    if failed := [answer for answer in answers if answer.estimate is None]:
        _tell(failed)
        sys.exit(Exit.FAILED)


def _is_number(network: str) -> bool:
    return network.isdecimal() and not Path(network).exists()


def _measured(
    client: "Client", files: Sequence[str], targets: Sequence[str], project: str | None
) -> "list[RequestDocument]":
    """All of them at once, with progress."""
    from edgemeter.cli.answers import wait_for
    from edgemeter.client.planning import Wishes
    from edgemeter.wire.specs import JobSpec

    wishes = Wishes(spec=JobSpec(layers=True))
    return wait_for(client, client.submit(files, targets, wishes=wishes, project=project), None)


def _tell(failed: "Sequence[RequestDocument]") -> None:
    from edgemeter.cli.text import printable

    for answer in failed:
        why = answer.failure.message if answer.failure else answer.state.value
        line = f"{answer.name} was not measured on {answer.target}: {why}"
        click.echo(f"Error: {printable(line, 1000)}", err=True)


def _of_measurement(client: "Client", number: int) -> "LayerShares":
    from edgemeter.plots.layer_shares import LayerShares

    record = client.measurement(number)
    measured, latency_ms = record.measurement.layers, record.latency_ms
    if not measured or latency_ms is None:
        raise click.ClickException(
            f"measurement {number} has no layers: measure it with `edgemeter submit --layers`"
        )
    return LayerShares(record.name, record.target, latency_ms, measured)


def _print(shares: "Sequence[LayerShares]", *, as_csv: bool, as_json: bool) -> None:
    from edgemeter.cli.output import data_console
    from edgemeter.cli.tables import print_document, print_table
    from edgemeter.cli.text import milliseconds, plain

    if as_json:
        found = [
            {
                "network": each.network,
                "target": each.target,
                "latency_ms": each.latency_ms,
                "layers": [layer.model_dump(mode="json") for layer in each.layers],
            }
            for each in shares
        ]
        print_document("layers", {"networks": found})
        return
    if as_csv:
        _print_csv(shares)
        return
    for each in shares:
        title = f"{plain(each.network, 160)} on {plain(each.target, 160)}: {milliseconds(each.latency_ms)} ms"
        data_console().print(f"[bold]{title}[/]")
        print_table(
            ("#", "layer", "kind", "share %#", "latency ms#"),
            (
                (number, layer.name, layer.kind, f"{100 * layer.share:.1f}", milliseconds(layer.latency_ms))
                for number, layer in enumerate(each.layers, 1)
            ),
        )


def _print_csv(shares: "Sequence[LayerShares]") -> None:
    import csv

    from edgemeter.cli.text import csv_cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("network", "target", "layer", "name", "kind", "share", "latency_ms", "processor"))
    for each in shares:
        for number, layer in enumerate(each.layers, 1):
            words = (csv_cell(layer.name), csv_cell(layer.kind))
            row = (csv_cell(each.network), each.target, number, *words, layer.share, layer.latency_ms)
            writer.writerow((*row, layer.processor))
