"""Estimates on the terminal: of architectures, of operators, and of files."""

from collections.abc import Sequence
from typing import TypeAlias

from edgemeter.cli.bases import print_bases
from edgemeter.cli.output import data_console
from edgemeter.cli.tables import dumped, print_document, print_table
from edgemeter.cli.text import interval_title, milliseconds, plain
from edgemeter.wire.estimates import ArchitectureEstimate, ArtifactEstimate, OperatorEstimate

Estimate: TypeAlias = ArchitectureEstimate | OperatorEstimate | ArtifactEstimate
_SHA256_SIGNS = 12
_STALE_SIGNS = 200


def print_estimates(found: Sequence[Estimate], *, file: str | None, parts: bool, as_json: bool) -> None:
    """`file` is the name of the one that was asked about, where people gave one."""
    if as_json:
        named = {} if file is None else {"file": file}
        print_document("estimates", {"estimates": [each | named for each in dumped(found)]})
        return
    network, more = _columns(found[0])
    interval = interval_title(found[0].interval.level)
    columns = (network, "target", "latency ms#", interval, "source", *more, "request#")
    print_table(columns, [(file or _name(each), *_row(each)) for each in found])
    print_bases(found)
    files = [each for each in found if isinstance(each, ArtifactEstimate)]
    for text in dict.fromkeys(each.stale for each in files if each.stale):
        data_console().print(f"[dim]the predictor is stale: {plain(text, _STALE_SIGNS)}[/]")
    for each in found if parts else ():
        _print_parts(file or _name(each), each)


def _columns(first: Estimate) -> tuple[str, tuple[str, ...]]:
    match first:
        case ArtifactEstimate():
            return "file", ("guessed kernels",)
        case OperatorEstimate():
            return "operator", ()
        case ArchitectureEstimate():
            return "architecture", ()


def _row(each: Estimate) -> tuple[object, ...]:
    interval = f"{milliseconds(each.interval.low_ms)} to {milliseconds(each.interval.high_ms)}"
    guessed = [", ".join(each.unknown_operators or ())] if isinstance(each, ArtifactEstimate) else []
    latency = milliseconds(each.latency_ms)
    return (each.target, latency, interval, each.source, *guessed, each.request_id)


def _name(each: Estimate) -> str:
    match each:
        case ArtifactEstimate():
            return each.artifact[:_SHA256_SIGNS]
        case OperatorEstimate():
            return each.operator
        case ArchitectureEstimate():
            return each.architecture


def _print_parts(name: str, each: Estimate) -> None:
    title = f"{each.target}: {name}"
    match each:
        case ArtifactEstimate(parts=tuple() as parts):
            kernels = [(part.kernel, part.kind, milliseconds(part.latency_ms)) for part in parts]
            rest = ("the rest", "", milliseconds(each.rest_ms or 0.0))
            print_table(("kernel", "kind", "latency ms#"), [*kernels, rest], title)
        case ArchitectureEstimate(parts=tuple() as parts):
            layers = [(part.layer, milliseconds(part.latency_ms)) for part in parts]
            left = ("the rest", milliseconds(each.rest_ms or 0.0))
            print_table(("layer", "latency ms#"), [*layers, left], title)
