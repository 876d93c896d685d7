"""`edgemeter predictors`: the published versions, how far they err, and which of them answers."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, limit_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.wire.predictors import Accuracy, DriftDocument, KernelCampaign, PredictorDocument


@click.group()
def predictors() -> None:
    """Predictors of search spaces, and of any file, on targets."""


@predictors.command("list")
@click.option("--space", help="Only of this space; `any-network`: those of any file.")
@click.option("--target", "-t", help="Only of this target.")
@click.option("--active", is_flag=True, help="Only those that answer.")
@limit_option
@project_option
@json_option
@remote
def list_(
    client: "Client",
    space: str | None,
    target: str | None,
    active: bool,
    limit: int,
    project: str | None,
    as_json: bool,
) -> None:
    """List versions, newest first, beside each other with their errors."""
    from itertools import islice

    from edgemeter.cli.tables import dumped, print_document, print_listing

    asked = client.predictors(space=space, target=target, active=active or None, project=project)
    found = list(islice(asked, limit))
    if as_json:
        print_document("predictors", {"predictors": dumped(found)})
        return
    columns = (
        "id#",
        "space",
        "target",
        "version#",
        "active",
        "model",
        "networks#",
        "error",
        "moved",
        "stale",
        "fitted",
    )
    print_listing(
        columns,
        (
            (
                each.id,
                each.space,
                each.target,
                each.number,
                each.active,
                each.model,
                each.networks,
                _error(each),
                each.drift.drifted if each.drift else None,
                each.stale is not None if each.campaign else None,
                each.created_at,
            )
            for each in found
        ),
        "No predictors. `edgemeter fit SPACE --target TARGET` fits one to what `edgemeter profile` has"
        " measured; `edgemeter kernels publish` hands in one of any file.",
    )


@predictors.command()
@click.argument("predictor", type=int)
@json_option
@remote
def show(client: "Client", predictor: int, as_json: bool) -> None:
    """Show a version: what it was fitted on, and how far it errs on what it has not seen."""
    print_predictor(client.predictor_document(predictor), as_json=as_json)


@predictors.command()
@click.argument("first", type=int)
@click.argument("second", type=int)
@json_option
@remote
def compare(client: "Client", first: int, second: int, as_json: bool) -> None:
    """Compare two versions of one space on one target, on networks that neither was fitted on."""
    from edgemeter.cli.comparison import print_comparison

    print_comparison(client.compare_predictors(first, second), as_json=as_json)


@predictors.command()
@click.argument("predictor", type=int)
@json_option
@remote
def activate(client: "Client", predictor: int, as_json: bool) -> None:
    """Let a version answer from now on. Activating an older one rolls back."""
    print_predictor(client.activate_predictor(predictor), as_json=as_json)


@predictors.command()
@click.argument("predictor", type=int)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: predictor-ID.edgemeter or .onnx",
)
@click.option(
    "--onnx", "as_onnx", is_flag=True, help="As an ONNX network: `codes` in, `latency_ms` out, no intervals."
)
@remote
def download(client: "Client", predictor: int, output: Path | None, as_onnx: bool) -> None:
    """Save a version as a file, to be evaluated elsewhere."""
    content = client.predictor_onnx(predictor) if as_onnx else client.predictor_content(predictor)
    path = output or Path(f"predictor-{predictor}.{'onnx' if as_onnx else 'edgemeter'}")
    path.write_bytes(content)
    click.echo(f"saved as {path}", err=True)


def print_predictor(document: "PredictorDocument", *, as_json: bool) -> None:
    from edgemeter.cli.tables import print_document, print_facts

    if as_json:
        print_document("predictor", {"predictor": document.model_dump(mode="json")})
        return
    print_facts(
        (
            ("predictor", document.id),
            ("of", _of(document)),
            ("target", f"{document.target} revision {document.revision}"),
            ("version", f"{document.number}{', answers estimates' if document.active else ''}"),
            ("model", document.model),
            ("", document.explanation),
            ("operators measured", document.operators or None),
            ("", document.campaign and _campaign(document.campaign)),
            ("stale", document.stale),
            ("networks measured", document.networks),
            ("held out in turn", accuracy_line(document.cross_validated)),
            ("test networks", accuracy_line(document.tested)),
            *((f"those of {part}", accuracy_line(found)) for part, found in document.tested_apart.items()),
            ("measured since", document.drift and _drift(document.drift)),
            ("", document.drift and document.drift.reason),
            ("floor: between sessions", document.retest_error and f"{document.retest_error:.1%}"),
            ("fitted", document.created_at),
            ("file", f"{document.size_bytes} bytes, sha256 {document.file_sha256}"),
        )
    )


def _of(document: "PredictorDocument") -> str:
    any_file = "any file, by its kernels"
    return any_file if document.campaign else f"{document.space} version {document.version}"


def _campaign(campaign: "KernelCampaign") -> str:
    return (
        f"{campaign.kernels} kernels of engine {campaign.engine_version}, measured by {campaign.protocol};"
        f" published by {campaign.published_by}"
    )


def _error(document: "PredictorDocument") -> str | None:
    judged = document.tested or document.cross_validated
    return f"{judged.mape_percent:.1f} %" if judged else None


def _drift(drift: "DriftDocument") -> str:
    moved = "it has moved" if drift.drifted else "it holds"
    anchors = "" if drift.anchors_percent is None else f", anchors moved by {drift.anchors_percent:+.1f} %"
    return (
        f"{moved}: {drift.inside_percent:.0f} % of {drift.networks} in the 90 % interval,"
        f" {drift.shift_percent:+.1f} % off on average{anchors}"
    )


def accuracy_line(judged: "Accuracy | None") -> str | None:
    if judged is None:
        return None
    ranks = (("Spearman", judged.spearman), ("Kendall", judged.kendall))
    told = "".join(f", {name} {value:.3f}" for name, value in ranks if value is not None)
    return (
        f"{judged.mape_percent:.1f} % mean error over {judged.networks}, {judged.rmse_ms:.3g} ms RMSE,"
        f" {judged.within_5_percent:.0f} % within 5 %, {judged.within_10_percent:.0f} % within 10 %"
        f"{told}{_covered(judged)}"
    )


def _covered(judged: "Accuracy") -> str:
    if judged.coverage_90_percent is None:
        return ""
    wide = "" if judged.width_90_percent is None else f", which is {judged.width_90_percent:.0f} % wide"
    score = "" if judged.score_90_percent is None else f" (score {judged.score_90_percent:.0f} %)"
    return f", {judged.coverage_90_percent:.0f} % in the 90 % interval{wide}{score}"
