"""What `edgemeter verify` found: as one document, and as tables."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgemeter.cli.finalists import Finalist
from edgemeter.client.answers import doubts
from edgemeter.wire.estimates import ArchitectureEstimate
from edgemeter.wire.requests import Estimate, RequestDocument
from edgemeter_predictors.judging.interval import Interval
from edgemeter_predictors.judging.verifying import Verification, verify

if TYPE_CHECKING:
    from edgemeter.client import Client


class Verified(NamedTuple):
    """One finalist with its prediction and what became of its measurement."""

    finalist: Finalist
    predicted: ArchitectureEstimate
    answer: RequestDocument

    @property
    def valid(self) -> Estimate | None:
        """The measurement, unless there is none or it is invalid."""
        estimate = self.answer.estimate
        return estimate if estimate is not None and estimate.validity.valid else None

    @property
    def measured_ms(self) -> float | None:
        return None if self.valid is None else self.valid.latency_ms


def report(
    client: "Client", space: str, target: str, verified: Sequence[Verified], limit_ms: float
) -> dict[str, Any]:
    """Plain JSON values. Without a valid measurement there is no summary."""
    predictor = client.predictor_document(verified[0].predicted.predictor_id or 0)
    known = [each for each in verified if each.valid is not None]
    return {
        "space": space,
        "target": target,
        "predictor_id": predictor.id,
        "limit_ms": limit_ms if isfinite(limit_ms) else None,
        "measured": len(known),
        # The predictor may have been fitted on these: its errors on them are too good.
        "measured_before_the_fit": sum(_before(each, predictor.created_at) for each in known),
        "summary": _summary(known, _verification(known, limit_ms)) if known else None,
        "networks": [_network(each) for each in verified],
    }


def _before(each: Verified, fitted_at: datetime) -> bool:
    return each.valid is not None and each.valid.measured_at < fitted_at


def _verification(known: Sequence[Verified], limit_ms: float) -> Verification:
    low_ms, high_ms = (
        np.array([getattr(each.predicted.interval, name) for each in known]) for name in ("low_ms", "high_ms")
    )
    qualities = [each.finalist.quality for each in known]
    return verify(
        np.array([each.predicted.latency_ms for each in known]),
        Interval(low_ms, high_ms, known[0].predicted.interval.level),
        np.array([each.measured_ms for each in known], np.float64),
        None if None in qualities else np.array(qualities, np.float64),
        limit_ms,
    )


def _summary(known: Sequence[Verified], found: Verification) -> dict[str, Any]:
    names = ("mape_percent", "rmse_ms", "within_5_percent", "within_10_percent", "spearman", "kendall")
    regret = found.quality_regret
    summary = {name: _or_none(getattr(found.errors, name)) for name in names}
    summary |= {
        "coverage_90_percent": found.coverage.coverage_percent,
        "width_90_percent": _or_none(found.coverage.width_percent),
        "latency_regret_percent": found.latency_regret_percent,
        "quality_regret": None,
    }
    if regret is not None:
        texts = [each.finalist.text for each in known]
        chosen, best = (None if row is None else texts[row] for row in (regret.chosen, regret.best))
        kept = {name: _or_none(value) for name, value in asdict(regret).items()}
        summary["quality_regret"] = kept | {"chosen": chosen, "best": best}
    return summary


def _network(each: Verified) -> dict[str, Any]:
    measured = each.valid
    return {
        "architecture": each.finalist.text,
        "quality": each.finalist.quality,
        "predicted_ms": each.predicted.latency_ms,
        "predicted_interval_ms": [each.predicted.interval.low_ms, each.predicted.interval.high_ms],
        "measured_ms": each.measured_ms,
        "measured_interval_ms": measured and [measured.interval.low_ms, measured.interval.high_ms],
        "error_percent": measured and 100 * (each.predicted.latency_ms / measured.latency_ms - 1),
        "how": measured and measured.how,
        "measurement_id": measured and measured.measurement_id,
        "request_id": each.answer.id,
        "doubts": doubts(each.answer) or None,
    }


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value


def print_report(document: dict[str, Any], verified: Sequence[Verified], *, as_json: bool) -> None:
    from edgemeter.cli.tables import print_document, print_facts, print_table

    if as_json:
        print_document("verification", {"verification": document})
        return
    columns = ("architecture", "quality#", "predicted ms#", "90 % interval#", "measured ms#", "off#", "how")
    print_table(columns, map(_row, sorted(verified, key=lambda each: each.measured_ms or np.inf)))
    print_facts(_facts(document))


def _row(each: Verified) -> tuple[object, ...]:
    from edgemeter.cli.text import milliseconds

    interval = each.predicted.interval
    outside = each.measured_ms is not None and not interval.low_ms <= each.measured_ms <= interval.high_ms
    return (
        each.finalist.text,
        each.finalist.quality,
        milliseconds(each.predicted.latency_ms),
        f"{milliseconds(interval.low_ms)} .. {milliseconds(interval.high_ms)}",
        None if each.measured_ms is None else milliseconds(each.measured_ms) + (" !" if outside else ""),
        None if each.measured_ms is None else f"{each.predicted.latency_ms / each.measured_ms - 1:+.1%}",
        doubts(each.answer) if each.valid is None else each.valid.how,
    )


def _facts(document: dict[str, Any]) -> list[tuple[str, object]]:
    found = document["summary"]
    networks = f"{document['measured']} of {len(document['networks'])}"
    if found is None:
        return [("measured", f"{networks}: there is nothing to compare with")]
    rank = "" if found["spearman"] is None else f", Spearman {found['spearman']:.3f}"
    before = document["measured_before_the_fit"]
    return [
        ("measured", networks),
        ("predictor", document["predictor_id"]),
        (
            "mean error",
            f"{found['mape_percent']:.1f} %, {found['within_10_percent']:.0f} % within 10 %{rank}",
        ),
        ("in the 90 % interval", f"{found['coverage_90_percent']:.0f} %"),
        (
            "but",
            f"{before} were measured before the predictor was fitted: it may know them" if before else None,
        ),
        (
            "regret of the fastest",
            f"{found['latency_regret_percent']:.1f} % slower than the fastest measured",
        ),
        *_quality_facts(document["limit_ms"], found["quality_regret"]),
    ]


def _quality_facts(limit_ms: float | None, regret: dict[str, Any] | None) -> list[tuple[str, object]]:
    if regret is None:
        return []
    below = "" if limit_ms is None else f" below {limit_ms:g} ms"
    if regret["chosen"] is None:
        lost = "nothing to lose" if regret["best"] is None else f"{regret['best']} is"
        return [("regret of the best", f"none is predicted{below}; measured there is {lost}")]
    over = regret["over_percent"]
    return [
        ("chosen by prediction", regret["chosen"]),
        ("", f"it is {over:.1f} % above the limit" if over else None),
        ("best by measurement", regret["best"] or f"none{below}"),
        ("regret of the best", f"{regret['lost']:.4g} in quality"),
    ]
