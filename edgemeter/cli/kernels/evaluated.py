"""What `edgemeter evaluate-networks` says of networks that were measured: each of them, and all together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

if TYPE_CHECKING:
    from edgemeter.kernels.plugins import KernelEstimate, KernelPredictor, MeasuredNetwork, Pricing

#: What is said again of the predictions by rules.
_BY_RULES: Final = ("mape_percent", "within_10_percent", "coverage_90_percent")


@dataclass(frozen=True, slots=True)
class Held:
    """One network and what the predictor says of it: in `cpu_s` by the engine's kernels, and by those that
    its rules tell, None where they cannot. `latency_ms` is corrected, `raw_ms` is not.
    """

    measured: "MeasuredNetwork"
    latency_ms: float
    raw_ms: float
    by_engine: "KernelEstimate"
    by_rules: "KernelEstimate | None"
    cpu_s: float


def held_against(predictor: "KernelPredictor", measured: "Iterable[MeasuredNetwork]") -> Iterator[Held]:
    """Those that could be measured."""
    for each in measured:
        if each.latency_ms is None or each.raw_ms is None or each.graph is None:
            continue
        started_s = process_time()
        by_engine = predictor.estimate(each.graph)
        cpu_s = process_time() - started_s
        by_rules = _by_rules(predictor, each.file)
        yield Held(each, each.latency_ms, each.raw_ms, by_engine, by_rules, cpu_s)


def _by_rules(predictor: "KernelPredictor", file: Path) -> "KernelEstimate | None":
    """What the predictor says without the engine; None where it cannot."""
    from edgemeter.failures import EdgeMeterError
    from edgemeter.graphs.limited import read_graph_limited
    from edgemeter.kernels.wiring import Wiring

    try:
        return predictor.estimate_file(Wiring.of(read_graph_limited(file))) if predictor.tells else None
    except EdgeMeterError as error:
        click.echo(f"{file.name}: {error}", err=True)
        return None


def summary(pricing: "Pricing", predictor: "KernelPredictor", held: Sequence[Held]) -> dict[str, Any]:
    """Against the corrected latencies; beside them the mean error against those that are not."""
    estimates = [each.by_engine for each in held]
    judged = pricing.judge(estimates, [each.latency_ms for each in held])
    raw = pricing.judge(estimates, [each.raw_ms for each in held])
    return judged | {
        "raw_mape_percent": raw["mape_percent"],
        "fit_cpu_s": predictor.about.get("fit_cpu_s"),
        "model": "kernel",
        "n_train": predictor.about.get("networks"),
        "n_test": len(held),
        "predict_cpu_us": 1e6 * sum(each.cpu_s for each in held) / len(held),
        **_rules_summary(pricing, held),
    }


def _rules_summary(pricing: "Pricing", held: Sequence[Held]) -> dict[str, Any]:
    """How far they err where rules have told the kernels, and how far that is from the engine's."""
    from statistics import median

    told = [(each, each.by_rules) for each in held if each.by_rules is not None]
    if not told:
        return {}
    judged = pricing.judge([rules for _, rules in told], [each.latency_ms for each, _ in told])
    moved = [100 * abs(rules.latency_ms / each.by_engine.latency_ms - 1) for each, rules in told]
    return {
        "n_test_by_rules": len(told),
        **{f"{name}_by_rules": judged[name] for name in _BY_RULES},
        "median_difference_by_rules_percent": median(moved),
        "worst_difference_by_rules_percent": max(moved),
    }


def row(held: Held) -> dict[str, Any]:
    estimate, by_rules = held.by_engine, held.by_rules
    return {
        "file": held.measured.file.name,
        "measured_ms": held.latency_ms,
        "raw_ms": held.raw_ms,
        "predicted_ms": estimate.latency_ms,
        "low_ms": estimate.low_ms,
        "high_ms": estimate.high_ms,
        "unknown_operators": list(estimate.unknown_operators),
        "predicted_by_rules_ms": by_rules and by_rules.latency_ms,
        "unknown_by_rules": list(by_rules.unknown_operators) if by_rules else [],
        "valid": held.measured.valid,
        "reasons": list(held.measured.reasons),
    }


def print_evaluated(document: dict[str, Any], *, as_json: bool) -> None:
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
    heading = (
        *("network", "measured ms#", "predicted ms#", "90 % interval", "error#", "by rules ms#"),
        "guessed kernels",
    )
    print_table(heading, rows)
    if rows:
        print_facts(_facts(document))


def _facts(document: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "networks", f"{document['n_test']}; the predictor has learnt from {document['n_train']} others"
    uncorrected = f"; not corrected by the anchors {document['raw_mape_percent']:.1f} %"
    yield "mean error", f"{document['mape_percent']:.1f} %{uncorrected}"
    yield "within 5 %, 10 %", f"{document['within_5_percent']:.0f} %, {document['within_10_percent']:.0f} %"
    if document["spearman"] is not None:
        yield "Spearman", f"{document['spearman']:.3f}"
    width = f"{document['width_90_percent']:.0f} % wide"
    yield "90 % interval", f"{document['coverage_90_percent']:.0f} % lie inside; {width}"
    if "n_test_by_rules" in document:
        yield "kernels told by rules", _by_rules_line(document)
    yield "one prediction", f"{document['predict_cpu_us'] / 1000:.1f} ms of processor time"


def _by_rules_line(document: dict[str, Any]) -> str:
    moved = (
        f"{document['median_difference_by_rules_percent']:.1f} % from the engine's,"
        f" at most {document['worst_difference_by_rules_percent']:.1f} %"
    )
    return f"{document['mape_percent_by_rules']:.1f} % mean error of {document['n_test_by_rules']}; {moved}"
