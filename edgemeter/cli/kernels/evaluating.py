"""`edgemeter evaluate-networks`: a kernel predictor held against networks measured here."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.kernels.priority import priority_option
from edgemeter.cli.kernels.targets import found_target, target_option
from edgemeter.targets import TargetSelector

if TYPE_CHECKING:
    from edgemeter.kernels.drift import Readings
    from edgemeter.kernels.plugins import (
        Bench,
        KernelPredictor,
        MeasuredNetwork,
        MeasuredNetworks,
    )
    from edgemeter.targets import Target

_TRIES: Final = 3


@click.command("evaluate-networks")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@target_option
@click.option(
    "--protocol",
    "protocol_name",
    type=click.Choice(["campaign", "precise", "survey"]),
    default="campaign",
    show_default=True,
    help="How the networks are measured: as the kernels were, in more visits; or more strictly.",
)
@priority_option
@click.option(
    "--predictor",
    "predictor_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Default: what `edgemeter kernels fit` has saved of the target.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def evaluate_networks(
    folder: Path,
    selector: TargetSelector,
    protocol_name: str,
    priority: str,
    predictor_file: Path | None,
    as_json: bool,
) -> None:
    """Measure the networks in DIR here, predict each, and say how far the kernel predictor errs.

    It has seen none of them: it is fitted from sampled kernels. `measured_ms` is corrected by how fast the
    anchors are now and were in the campaign, `raw_ms` is not. What the target does not read is left out.
    Beside the predictions by the engine's kernels stand those by the kernels that the predictor's rules tell.
    """
    from edgemeter.cli.kernels.evaluated import held_against, print_evaluated, row, summary
    from edgemeter.cli.output import progress
    from edgemeter.kernels.campaign import JUDGING_PROTOCOL
    from edgemeter.kernels.places import saved_predictor
    from edgemeter.kernels.plugins import find_bench, find_pricing
    from edgemeter.protocols import PROTOCOLS

    protocol = JUDGING_PROTOCOL if protocol_name == "campaign" else PROTOCOLS[protocol_name]
    bench, pricing = find_bench(), find_pricing()
    target = found_target(bench, selector)
    predictor = pricing.open(predictor_file.read_bytes() if predictor_file else saved_predictor(target.slug))
    with progress() as bar:
        measuring = partial(bench.measure, target, protocol=protocol, bar=bar, priority=priority)
        measured = _measured(measuring, _files(bench, target, folder), predictor)
    held = list(held_against(predictor, measured))
    document: dict[str, Any] = {
        "target": target.slug,
        "networks": [row(each) for each in held],
        "failed": [{"file": each.file.name, "failure": each.failure} for each in measured if each.failure],
    }
    if held:
        document |= summary(pricing, predictor, held)
    print_evaluated(document, as_json=as_json)
    sys.exit(Exit.FAILED if len(held) < len(measured) else Exit.OK)


def _measured(
    measure: "Callable[[Sequence[Path]], MeasuredNetworks]", files: list[Path], predictor: "KernelPredictor"
) -> "list[MeasuredNetwork]":
    """What other load has disturbed is measured again, a few times."""
    found: dict[Path, MeasuredNetwork] = {}
    for _ in range(_TRIES):
        left = [file for file in files if file not in found or found[file].contended]
        if left:
            done = measure(left)
            slow = _slowness(done.anchors_ms, predictor.about.get("anchors_ms"))
            found |= {each.file: _corrected(each, slow) for each in done.networks}
    return [found[file] for file in files]


def _slowness(anchors_ms: "Readings | None", known: Any) -> float:
    """1 where the anchors could not be measured."""
    from edgemeter.kernels.drift import slowness

    if anchors_ms is None or known is None:
        click.echo("the anchors could not be measured: nothing is corrected for drift", err=True)
        return 1.0
    found = slowness(anchors_ms, (known[0], known[1]))
    click.echo(f"the anchors are {found - 1:+.1%} against the campaign", err=True)
    return found


def _corrected(measured: "MeasuredNetwork", slow: float) -> "MeasuredNetwork":
    return measured if measured.raw_ms is None else replace(measured, latency_ms=measured.raw_ms / slow)


def _files(bench: "Bench", target: "Target", folder: Path) -> list[Path]:
    found = sorted(file for file in folder.iterdir() if file.is_file())
    files = [file for file in found if bench.reads(target, file)]
    if not files:
        raise click.UsageError(f"{folder} has no file that {target.runtime} reads")
    if left := len(found) - len(files):
        click.echo(f"{left} files that {target.runtime} does not read are left out", err=True)
    return files
