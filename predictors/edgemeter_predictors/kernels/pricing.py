"""Kernel predictors for the command line: fitted from a campaign, opened, judged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from time import process_time
from typing import Any, Final, cast

import numpy as np

from edgemeter import __version__
from edgemeter.failures import EdgeMeterError
from edgemeter.kernels.campaign import Campaign, Row
from edgemeter.kernels.drift import Readings, reference, slowness
from edgemeter.kernels.kernel import KernelGraph
from edgemeter.kernels.plugins import KernelEstimate, PricedKernel, ToldBy
from edgemeter.kernels.wiring import Wiring
from edgemeter_predictors.contract import NotApplicable, Prediction
from edgemeter_predictors.judging.cross_validation import HeldOut
from edgemeter_predictors.judging.errors import coverage, errors
from edgemeter_predictors.judging.interval import Interval
from edgemeter_predictors.kernels.choosing import choose
from edgemeter_predictors.kernels.data import Graphs, KernelData
from edgemeter_predictors.kernels.model import FittedKernels, KernelModel
from edgemeter_predictors.kernels.prices import Priced
from edgemeter_predictors.kernels.teaching import taught
from edgemeter_predictors.kernels.telling.laying import TellingError
from edgemeter_predictors.kernels.telling.teller import Teller
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.container import FileError
from edgemeter_predictors.saving.kernel_predictors import load_kernels, save_kernels
from edgemeter_predictors.training import judged, train

LEVEL: Final = 0.9
#: Networks to judge by: below, an interval of theirs would be a guess.
FEWEST_JUDGES: Final = 15
_NO_RULES: Final = "an earlier EdgeMeter has fitted it; `edgemeter kernels fit` does so anew"
#: Reasons that a campaign mends itself.
_DRIFTS: Final = frozenset({"anchor_drift", "anchors_disagree"})


class PricingError(EdgeMeterError):
    """No predictor can be fitted from this, or opened. Says why."""


class KernelPricing:
    """`edgemeter.kernels.plugins.Pricing`."""

    def fit(self, campaign: Campaign) -> bytes:
        from threadpoolctl import threadpool_limits

        kept = [row for row in campaign.rows if _sound(row)]
        known = _reference(kept)
        learnt, judges = ([row for row in kept if row.judging is flag] for flag in (False, True))
        started_s = process_time()
        try:
            # On matrices of this size threads cost more than they give.
            with threadpool_limits(1):
                predictor = _trained(_data(learnt, known), _data(judges, known))
            predictor, rules = taught(predictor, campaign)
        except NotApplicable as error:
            raise PricingError(f"{error}. {_left_out(campaign)}") from None
        about = (
            _about(campaign, learnt, judges, known)
            | {"fit_cpu_s": process_time() - started_s}
            | _accuracy(predictor)
            | {"rules": rules}
        )
        return save_kernels(replace(predictor, about=about))

    def open(self, data: bytes) -> "OpenedPredictor":
        try:
            return OpenedPredictor(load_kernels(data))
        except FileError as error:
            raise PricingError(str(error)) from error

    def judge(self, estimates: Sequence[KernelEstimate], measured_ms: Sequence[float]) -> dict[str, Any]:
        measured = np.array(measured_ms, np.float64)
        found = errors(np.array([each.latency_ms for each in estimates]), measured)
        low, high = np.array([(each.low_ms, each.high_ms) for each in estimates]).T
        covered = coverage(Interval(low, high, LEVEL), measured)
        document = {
            "mape_percent": found.mape_percent,
            "rmse_ms": found.rmse_ms,
            "within_5_percent": found.within_5_percent,
            "within_10_percent": found.within_10_percent,
            "spearman": found.spearman,
            "kendall": found.kendall,
            "coverage_90_percent": covered.coverage_percent,
            "width_90_percent": covered.width_percent,
        }
        # A rank correlation of ties, or of one network, is no number.
        return {name: None if value != value else value for name, value in document.items()}


class OpenedPredictor:
    """`edgemeter.kernels.plugins.KernelPredictor`."""

    def __init__(self, predictor: Predictor[Graphs]) -> None:
        self._predictor = predictor
        self._fitted = cast("FittedKernels", predictor.fitted)
        self.explanation = predictor.fitted.explanation
        self.about: Mapping[str, Any] = predictor.about
        self.retest_error = predictor.retest_error

    @property
    def tells(self) -> str | None:
        teller = self._fitted.teller
        return None if teller is None else teller.file_format

    def estimate(self, graph: KernelGraph, level: float = LEVEL) -> KernelEstimate:
        if not graph.kernels:
            raise PricingError("the engine runs no kernel of this network: there is nothing to predict")
        priced = self._fitted.prices.of(graph)
        return self._estimate(graph, self._fitted.summed([priced]), priced, level, "engine")

    def estimate_file(self, wiring: Wiring, level: float = LEVEL) -> KernelEstimate:
        told = self._teller.tell(wiring)
        if not told.graph.kernels:
            raise PricingError("this network has no operator that runs: there is nothing to predict")
        found = self._estimate(told.graph, *self._fitted.told(told), level, "rules")
        doubts = (doubt for doubt in told.doubts if doubt is not None)
        return replace(found, unknown_operators=tuple(dict.fromkeys((*found.unknown_operators, *doubts))))

    def choose(self, pool: Sequence[Wiring], matter: Sequence[Wiring], count: int) -> list[int]:
        numbers, graphs = self._told(pool)
        chosen = choose(self._fitted.prices, graphs, self._told(matter)[1], count)
        return [numbers[each] for each in chosen]

    def _told(self, files: Sequence[Wiring]) -> tuple[list[int], Graphs]:
        """The kernels of those files that they can be told of, and these files' numbers."""
        teller, found = self._teller, {}
        for number, wiring in enumerate(files):
            with suppress(TellingError):
                found[number] = teller.tell(wiring).graph
        whole = {number: graph for number, graph in found.items() if graph.kernels}
        return list(whole), tuple(whole.values())

    @property
    def _teller(self) -> Teller:
        if self._fitted.teller is None:
            raise PricingError(
                f"this predictor has no rules of fusion: {self.about.get('rules') or _NO_RULES}"
            )
        return self._fitted.teller

    def _estimate(
        self, graph: KernelGraph, prediction: Prediction, priced: Priced, level: float, told_by: ToldBy
    ) -> KernelEstimate:
        interval = self._predictor.interval(prediction, level)
        mean_ms = float(prediction.mean_ms[0])
        return KernelEstimate(
            latency_ms=mean_ms,
            low_ms=float(interval.low_ms[0]),
            high_ms=float(interval.high_ms[0]),
            unknown_operators=priced.guessed,
            kernels=tuple(
                PricedKernel(kernel.name, kind, ms)
                for kernel, kind, ms in zip(graph.kernels, priced.kinds, priced.time_ms.tolist(), strict=True)
            ),
            rest_ms=mean_ms - float(priced.time_ms.sum()),
            told_by=told_by,
        )


def _sound(row: Row) -> bool:
    """A batch whose anchors drifted is sound here: it is the campaign's own anchors that it is corrected by,
    and no other session has to agree with it.
    """
    return row.usable and row.anchors_ms is not None and _DRIFTS.issuperset(row.reasons)


def _trained(learnt: KernelData, judges: KernelData) -> Predictor[Graphs]:
    """Judged and calibrated by networks that are like those that people ask about, measured as strictly as
    theirs; by cross-validation over sampled ones where there are too few of them. One that was measured twice
    counts with both latencies: an interval is for another session, and what sessions differ by is part of it.
    """
    learnt = replace(learnt, retest_error=judges.repeat_deviation)
    if len(np.unique(judges.same)) < FEWEST_JUDGES:
        return train(KernelModel(), learnt)
    fitted = KernelModel().fit(learnt)
    prediction = fitted.predict(judges.inputs)
    return judged(fitted, HeldOut(judges.latency_ms, prediction.mean_ms, prediction.std_ms), learnt)


def _data(rows: Sequence[Row], known: Readings) -> KernelData:
    """As if the device had been as fast as when its anchors read `known`."""
    found = [
        (row.graph, row.raw_ms / slowness(row.anchors_ms, known), row.batch)
        for row in rows
        if row.graph is not None and row.raw_ms is not None and row.anchors_ms is not None
    ]
    latency_ms = np.array([ms for _, ms, _ in found], np.float64)
    batch = np.array([number for _, _, number in found], np.intp)
    return KernelData(tuple(graph for graph, _, _ in found), latency_ms, batch)


def _reference(rows: Sequence[Row]) -> Readings:
    batches = {row.batch: row.anchors_ms for row in rows if row.anchors_ms is not None}
    return reference(batches.values()) if batches else (1.0, 1.0)


def _about(campaign: Campaign, kept: Sequence[Row], judges: Sequence[Row], known: Readings) -> dict[str, Any]:
    judged_by = len({row.network for row in judges})
    return {
        "target": campaign.heading.target,
        "engine_version": campaign.heading.engine_version,
        "protocol": campaign.heading.protocol,
        "networks": len(kept),
        "networks_to_judge_by": judged_by,
        "networks_left_out": len(campaign.readings) - len(kept) - judged_by,
        "kernels": sum(len(row.graph.kernels) for row in kept if row.graph),
        "anchors_ms": list(known),
        "campaign_sha256": campaign.sha256,
        "edgemeter_version": __version__,
    }


def _accuracy(predictor: Predictor[Graphs]) -> dict[str, Any]:
    held, retest = predictor.errors, predictor.retest_error
    found = {} if np.isnan(retest) else {"retest_error_percent": 100 * retest}
    if held is None:
        return found
    return found | {
        "held_out_mape_percent": held.mape_percent,
        "held_out_within_10_percent": held.within_10_percent,
    }


def _left_out(campaign: Campaign) -> str:
    """Why measured networks of a campaign do not count."""
    left = [row for row in campaign.rows if not _sound(row)]
    reasons = Counter(reason for row in left for reason in row.reasons if reason not in _DRIFTS)
    failures = sum(row.failure is not None for row in campaign.rows)
    said = [f"{count} are {reason}" for reason, count in reasons.most_common(3)]
    said += [f"{failures} failed"] if failures else []
    told = f"Of {len(campaign.rows)} in the campaign {', '.join(said)}. " if said else ""
    return f"{told}`edgemeter kernels measure` measures more"
