"""`edgemeter kernels fit`: a predictor of any network from a campaign."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import rich_click as click

from edgemeter.cli.kernels.targets import found_target, target_option
from edgemeter.targets import TargetSelector


@click.command()
@target_option
@click.option(
    "--campaign",
    "campaign_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A campaign's file. Default: that of `edgemeter kernels measure`.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: the file that `edgemeter predict` and `evaluate-networks` open.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def fit(selector: TargetSelector, campaign_file: Path | None, output: Path | None, as_json: bool) -> None:
    """Fit the predictor of a target from its campaign, and say how far it errs on networks held out."""
    from edgemeter.cli.output import print_json
    from edgemeter.cli.tables import print_facts
    from edgemeter.kernels.campaign import read_campaign
    from edgemeter.kernels.places import campaign_path, predictor_path
    from edgemeter.kernels.plugins import find_bench, find_pricing

    pricing = find_pricing()
    target = found_target(find_bench(), selector).slug
    source = campaign_file or campaign_path(target)
    try:
        campaign = read_campaign(source)
    except FileNotFoundError:
        raise click.ClickException(
            f"there is no campaign of {target} here; `edgemeter kernels measure --target {target}` makes one"
        ) from None
    if campaign.heading.target != target:
        raise click.ClickException(f"{source} is of {campaign.heading.target}, not of {target}")
    data = pricing.fit(campaign)
    path = output or predictor_path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    predictor = pricing.open(data)
    click.echo(f"{predictor.explanation}\nsaved as {path}", err=True)
    document: dict[str, Any] = {"target": target, "file": str(path), **predictor.about}
    if as_json:
        print_json({"schema_name": "edgemeter/kernel-predictor", "schema_version": 1, **document})
    else:
        print_facts(_facts(document))


def _facts(document: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "target", document["target"]
    yield "engine", document["engine_version"]
    yield "measured by", document["protocol"]
    left_out = f", {document['networks_left_out']} left out" if document["networks_left_out"] else ""
    judges = document["networks_to_judge_by"]
    yield "networks", f"{document['networks']} to learn from, {judges} to judge by{left_out}"
    yield "kernels", document["kernels"]
    if "held_out_mape_percent" in document:
        near = f"{document['held_out_within_10_percent']:.0f} % within 10 %"
        yield "networks held out", f"{document['held_out_mape_percent']:.1f} % mean error, {near}"
    if "retest_error_percent" in document:
        yield "floor: between readings", f"{document['retest_error_percent']:.1f} %"
    rules = document["rules"]
    yield "rules of fusion", _agreement(rules) if isinstance(rules, Mapping) else f"none: {rules}"
    yield "fit", f"{document['fit_cpu_s']:.1f} s of processor time"


def _agreement(rules: Mapping[str, Any]) -> str:
    unexplained = rules["networks_not_explained"]
    left = f"; {unexplained} networks are not explained" if unexplained else ""
    return (
        f"{rules['kernels_equal_percent']:.1f} % of kernels are the engine's, on"
        f" {rules['networks_judged_by']} networks; latencies differ by"
        f" {rules['median_difference_percent']:.1f} % in the median,"
        f" at most {rules['worst_difference_percent']:.1f} %{left}"
    )
