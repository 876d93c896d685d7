"""`edgemeter evaluate-networks`: a kernel predictor held against networks measured here."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import process_time
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
        KernelEstimate,
        KernelPredictor,
        MeasuredNetwork,
        MeasuredNetworks,
        Pricing,
    )
    from edgemeter.targets import Target

_TRIES: Final = 3
#: What is said again of the predictions by rules.
_BY_RULES: Final = ("mape_percent", "within_10_percent", "coverage_90_percent")


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
    known = [each for each in measured if each.latency_ms is not None and each.graph is not None]
    started_s = process_time()
    estimates = [predictor.estimate(each.graph) for each in known if each.graph is not None]
    predict_cpu_s = process_time() - started_s
    by_rules = [_by_rules(predictor, each.file) for each in known]
    document: dict[str, Any] = {
        "target": target.slug,
        "networks": [_row(*each) for each in zip(known, estimates, by_rules, strict=True)],
        "failed": [{"file": each.file.name, "failure": each.failure} for each in measured if each.failure],
    }
    if known:
        document |= _summary(pricing, predictor, known, estimates)
        document["predict_cpu_us"] = 1e6 * predict_cpu_s / len(known)
        document |= _rules_summary(pricing, known, estimates, by_rules)
    _print(document, as_json)
    sys.exit(Exit.FAILED if len(known) < len(measured) else Exit.OK)


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


def _summary(
    pricing: "Pricing",
    predictor: "KernelPredictor",
    known: "Sequence[MeasuredNetwork]",
    estimates: "Sequence[KernelEstimate]",
) -> dict[str, Any]:
    """Against the corrected latencies; beside them the mean error against those that are not."""
    summary = pricing.judge(estimates, [each.latency_ms or 0.0 for each in known])
    raw = pricing.judge(estimates, [each.raw_ms or 0.0 for each in known])
    return summary | {
        "raw_mape_percent": raw["mape_percent"],
        "fit_cpu_s": predictor.about.get("fit_cpu_s"),
        "model": "kernel",
        "n_train": predictor.about.get("networks"),
        "n_test": len(known),
    }


def _by_rules(predictor: "KernelPredictor", file: Path) -> "KernelEstimate | None":
    """What the predictor says without the engine; None where it cannot."""
    from edgemeter.failures import EdgeMeterError
    from edgemeter.graphs.limited import read_graph_limited

    try:
        return predictor.estimate_graph(read_graph_limited(file)) if predictor.tells else None
    except EdgeMeterError as error:
        click.echo(f"{file.name}: {error}", err=True)
        return None


def _rules_summary(
    pricing: "Pricing",
    known: "Sequence[MeasuredNetwork]",
    estimates: "Sequence[KernelEstimate]",
    by_rules: "Sequence[KernelEstimate | None]",
) -> dict[str, Any]:
    """How far they err where rules have told the kernels, and how far that is from the engine's."""
    from statistics import median

    told = [each for each in zip(known, estimates, by_rules, strict=True) if each[2] is not None]
    if not told:
        return {}
    found = [rules for _, _, rules in told if rules is not None]
    judged = pricing.judge(found, [each.latency_ms or 0.0 for each, _, _ in told])
    pairs = zip(found, (engine for _, engine, _ in told), strict=True)
    moved = [100 * abs(rules.latency_ms / engine.latency_ms - 1) for rules, engine in pairs]
    return {
        "n_test_by_rules": len(told),
        **{f"{name}_by_rules": judged[name] for name in _BY_RULES},
        "median_difference_by_rules_percent": median(moved),
        "worst_difference_by_rules_percent": max(moved),
    }


def _files(bench: "Bench", target: "Target", folder: Path) -> list[Path]:
    found = sorted(file for file in folder.iterdir() if file.is_file())
    files = [file for file in found if bench.reads(target, file)]
    if not files:
        raise click.UsageError(f"{folder} has no file that {target.runtime} reads")
    if left := len(found) - len(files):
        click.echo(f"{left} files that {target.runtime} does not read are left out", err=True)
    return files


def _row(
    measured: "MeasuredNetwork", estimate: "KernelEstimate", by_rules: "KernelEstimate | None"
) -> dict[str, Any]:
    return {
        "file": measured.file.name,
        "measured_ms": measured.latency_ms,
        "raw_ms": measured.raw_ms,
        "predicted_ms": estimate.latency_ms,
        "low_ms": estimate.low_ms,
        "high_ms": estimate.high_ms,
        "unknown_operators": list(estimate.unknown_operators),
        "predicted_by_rules_ms": by_rules and by_rules.latency_ms,
        "unknown_by_rules": list(by_rules.unknown_operators) if by_rules else [],
        "valid": measured.valid,
        "reasons": list(measured.reasons),
    }


def _print(document: dict[str, Any], as_json: bool) -> None:
    from edgemeter.cli.output import print_json
    from edgemeter.cli.tables import print_facts, print_table
    from edgemeter.cli.text import milliseconds

    for each in document["failed"]:
        click.echo(f"{each['file']}: {each['failure']}", err=True)
    if as_json:
        print_json({"schema_name": "edgemeter/evaluated-networks", "schema_version": 1, **document})
        return
    rows = [
        (
            row["file"],
            milliseconds(row["measured_ms"]),
            milliseconds(row["predicted_ms"]),
            f"{milliseconds(row['low_ms'])} to {milliseconds(row['high_ms'])}",
            f"{row['predicted_ms'] / row['measured_ms'] - 1:+.1%}",
            milliseconds(row["predicted_by_rules_ms"]) if row["predicted_by_rules_ms"] else "",
            ", ".join(row["unknown_operators"]),
        )
        for row in document["networks"]
    ]
    heading = ("network", "measured#", "predicted#", "90 % interval", "error#", "by rules#", "unknown")
    print_table(heading, rows)
    print_facts(
        (name, f"{value:.4g}" if isinstance(value, float) else value)
        for name, value in document.items()
        if not isinstance(value, list)
    )
