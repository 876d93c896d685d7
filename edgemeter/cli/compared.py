"""Compared networks as people and programs read them."""

import csv
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter.cli.bases import print_bases
from edgemeter.cli.output import note_console
from edgemeter.cli.tables import print_document, print_table
from edgemeter.cli.text import csv_cell, milliseconds, plain, printable

if TYPE_CHECKING:
    from edgemeter.wire.metrics import ComparedNetworks, Figure, NetworkMetrics

_ARCHITECTURE_SIGNS = 2000
_COUNTS = ("macs", "parameters", "peak_activation_bytes")
_TITLES = {"macs": "multiply-adds#", "parameters": "parameters#", "peak_activation_bytes": "peak bytes#"}


def print_compared(found: "ComparedNetworks", *, as_csv: bool, as_json: bool) -> None:
    if as_json:
        print_document("compared-networks", found.model_dump(mode="json"))
    elif as_csv:
        _print_csv(found)
    else:
        _print_table(found)
    if not as_json:
        _tell(found)


def _print_csv(found: "ComparedNetworks") -> None:
    rows = [dict(_numbers(network)) for network in found.networks]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["architecture", *(rows[0] if rows else ())])
    for network, row in zip(found.networks, rows, strict=True):
        writer.writerow([csv_cell(network.architecture, _ARCHITECTURE_SIGNS), *row.values()])


def _numbers(network: "NetworkMetrics") -> Iterator[tuple[str, Any]]:
    """By the name of a column; units are in the names."""
    for each in network.latencies:
        yield f"latency_ms {each.target}", each.latency_ms
        yield f"low_ms {each.target}", each.interval.low_ms
        yield f"high_ms {each.target}", each.interval.high_ms
        yield f"source {each.target}", each.source
    for name, figure in (("f_avg", network.f_avg), ("f_max", network.f_max)):
        if figure is not None:
            yield name, figure.value
            yield f"{name} low", figure.low
            yield f"{name} high", figure.high
    for name in (*_COUNTS, "quality"):
        if (value := getattr(network, name)) is not None:
            yield name, value


def _print_table(found: "ComparedNetworks") -> None:
    """Numbers first: an architecture takes lines of its own, whole, to be copied."""
    if not found.networks:
        return
    titles = [title for title, _ in _cells(found.networks[0])]
    rows = ([number, *(cell for _, cell in _cells(each))] for number, each in enumerate(found.networks, 1))
    print_table(("network#", *titles), rows)
    for number, each in enumerate(found.networks, 1):
        click.echo(f"{number} {printable(each.architecture, _ARCHITECTURE_SIGNS)}")
    print_bases(each for network in found.networks for each in network.latencies)


def _cells(network: "NetworkMetrics") -> Iterator[tuple[str, str]]:
    for each in network.latencies:
        low, high = milliseconds(each.interval.low_ms), milliseconds(each.interval.high_ms)
        yield f"{each.target}, ms#", f"{milliseconds(each.latency_ms)} ({low} to {high}) {each.source}"
    for name, figure in (("f_avg#", network.f_avg), ("f_max#", network.f_max)):
        if figure is not None:
            yield name, _figure(figure)
    for name in _COUNTS:
        if (value := getattr(network, name)) is not None:
            yield _TITLES[name], f"{value:,}"
    if network.quality is not None:
        yield "quality#", f"{network.quality:g}"


def _figure(figure: "Figure") -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _tell(found: "ComparedNetworks") -> None:
    """On stderr: what the numbers mean."""
    notes = note_console()
    if len(found.networks) < found.candidates:
        words = f"{len(found.networks)} of {found.candidates} networks are on the front of "
        notes.print(plain(words + ", ".join(found.metrics), 300))
    for each in found.normalisers:
        how = "given" if each.source == "given" else f"MobileNetV1, measurement {each.measurement_id}"
        weight = "" if each.weight == 1 else f", weight {each.weight:g}"
        notes.print(plain(f"{each.target}: / {milliseconds(each.latency_ms)} ms ({how}){weight}", 300))
