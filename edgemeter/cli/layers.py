"""`edgemeter layers`: where the time of a network goes on each target."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.plots.layer_shares import LayerShares


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
    has), which is then measured on the targets.
    """
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    shares = [share for network in networks for share in _shares(client, network, targets, project)]
    if plot is not None:
        from edgemeter.plots.layer_shares import draw

        draw(shares, plot)
    _print(shares, as_csv=as_csv, as_json=as_json)


def _shares(
    client: "Client", network: str, targets: Sequence[str], project: str | None
) -> "list[LayerShares]":
    if network.isdecimal() and not Path(network).exists():
        return [_of_measurement(client, int(network))]
    if not targets:
        raise click.UsageError(f"{network} is no number of a measurement: --target says where to measure it")
    from edgemeter.client.planning import Wishes
    from edgemeter.wire.specs import JobSpec

    answers = client.measure_all(
        [network], targets, wishes=Wishes(spec=JobSpec(layers=True)), project=project
    )
    for answer in answers:
        if answer.estimate is None:
            why = answer.failure.message if answer.failure else answer.state
            raise click.ClickException(f"{answer.name} was not measured on {answer.target}: {why}")
    return [_of_measurement(client, answer.estimate.measurement_id) for answer in answers if answer.estimate]


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
