"""Errors and intervals on the measured HURRICANE space: 20 seeded splits, stratified by kind.

Every figure is of architectures that were neither in the training rows nor in any choice. Without the
data beside the checkout nothing is measured, and that is said.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.predictors import hurricane_x86
from benchmarks.report import Figure, at_most, main, reported, within
from edgemeter.spaces.space import Codes
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.contract import CostModel
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.judging.errors import coverage, errors
from edgemeter_predictors.judging.figures import Coverage, Errors
from edgemeter_predictors.judging.folds import stratified_split
from edgemeter_predictors.judging.interval import Interval
from edgemeter_predictors.lut import Lut
from edgemeter_predictors.selection import select
from edgemeter_predictors.training import train

SEEDS = range(20)
LIMITS = {10: 2.8, 30: 2.3, 100: 2.2}
WIDEST_PERCENT = 11.0
BASELINES: dict[str, CostModel[SpaceData, Codes]] = {
    "sum of the table": Lut("sum"),
    "sum + B": Lut("bias"),
    "affine sum": Lut("affine"),
    "one-hot Bayesian ridge": BayesianRidge(),
}


@dataclass(frozen=True, slots=True)
class Pooled:
    """Errors are means over the splits, coverage is of all splits' test networks together."""

    errors: Sequence[Errors]
    coverage: Coverage

    def mean(self, name: str) -> float:
        return float(np.mean([getattr(each, name) for each in self.errors]))


def judged(
    model: CostModel[SpaceData, Codes], data: SpaceData, kinds: NDArray[np.str_], networks: int
) -> Pooled:
    each, low, high, measured = [], [], [], []
    for seed in SEEDS:
        kept, held = stratified_split(kinds, networks, seed)
        predictor = train(model, data.select(kept))
        prediction = predictor.predict(data.codes[held])
        interval = predictor.interval(prediction, 0.9)
        each.append(errors(prediction.mean_ms, data.latency_ms[held]))
        low.append(interval.low_ms)
        high.append(interval.high_ms)
        measured.append(data.latency_ms[held])
    pooled = Interval(np.concatenate(low), np.concatenate(high), 0.9)
    return Pooled(each, coverage(pooled, np.concatenate(measured)))


def model_figures(label: str, data: SpaceData, kinds: NDArray[np.str_], promised: bool) -> list[Figure]:
    figures = []
    for networks, limit in LIMITS.items():
        found = judged(Hierarchical(), data, kinds, networks)
        name = f"hurricane_x86 {label}, hierarchical, N={networks}:"
        mape = found.mean("mape_percent")
        figures.append(
            at_most(f"{name} MAPE", mape, limit, " %") if promised else reported(f"{name} MAPE", mape, " %")
        )
        if promised:
            share, ranks = found.mean("within_10_percent"), found.mean("spearman")
            figures.append(within(f"{name} within 10 %", share, 99.5, 100, " %"))
            figures.append(within(f"{name} Spearman", ranks, 0.990, 1))
        figures += interval_figures(name, found.coverage, promised and networks == 100)
    return figures


def interval_figures(name: str, found: Coverage, bounded: bool) -> list[Figure]:
    width = f"{name} mean full width"
    return [
        within(f"{name} 90 % interval covers", found.coverage_percent, 88, 95, " %"),
        at_most(width, found.width_percent, WIDEST_PERCENT, " %")
        if bounded
        else reported(width, found.width_percent, " %"),
        reported(f"{name} interval score", found.score_percent, " %"),
    ]


def baseline_figures(data: SpaceData, kinds: NDArray[np.str_]) -> list[Figure]:
    return [
        reported(f"hurricane_x86 fifo, {name}, N={networks}: MAPE", _mape(model, data, kinds, networks), " %")
        for name, model in BASELINES.items()
        for networks in LIMITS
    ]


def narrow_figures(data: SpaceData, kinds: NDArray[np.str_]) -> list[Figure]:
    """The paper's own narrow space: after training elsewhere, and with ten networks of its own."""
    narrow = kinds == "t1"
    elsewhere = train(Hierarchical(), data.select(np.flatnonzero(~narrow)))
    asked = data.select(np.flatnonzero(narrow))
    prediction = elsewhere.predict(asked.codes)
    outside = errors(prediction.mean_ms, asked.latency_ms)
    covered = coverage(elsewhere.interval(prediction), asked.latency_ms)
    own = []
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(asked))
        ten = np.concatenate([np.flatnonzero(~narrow), np.flatnonzero(narrow)[order[:10]]])
        rest = asked.select(order[10:])
        own.append(errors(Hierarchical().fit(data.select(ten)).predict(rest.codes).mean_ms, rest.latency_ms))
    bias = Lut("bias").fit(data.select(np.flatnonzero(~narrow))).predict(asked.codes).mean_ms
    name = "the paper's narrow space (t1),"
    return [
        reported(
            f"{name} sum + B trained elsewhere: MAPE", errors(bias, asked.latency_ms).mape_percent, " %"
        ),
        reported(f"{name} hierarchical trained elsewhere: MAPE", outside.mape_percent, " %"),
        reported(
            f"{name} hierarchical trained elsewhere: 90 % interval covers", covered.coverage_percent, " %"
        ),
        reported(f"{name} ten of its own added: MAPE", float(np.mean([e.mape_percent for e in own])), " %"),
    ]


def selection_figures(data: SpaceData, kinds: NDArray[np.str_]) -> list[Figure]:
    """From ten random networks on, the next ones chosen or drawn; errors on networks held out of both."""
    figures = []
    for networks in (20, 30, 50):
        chosen: list[float] = []
        drawn: list[float] = []
        for seed in SEEDS:
            pool, held = stratified_split(kinds, 100, seed)
            order = np.random.default_rng(seed).permutation(pool)
            start, rest = order[:10], order[10:]
            first = Hierarchical().fit(data.select(start))
            picked = rest[select(first, data.codes[rest], networks - 10).rows]
            for rows, into in ((np.concatenate([start, picked]), chosen), (order[:networks], drawn)):
                mean = Hierarchical().fit(data.select(rows)).predict(data.codes[held]).mean_ms
                into.append(errors(mean, data.latency_ms[held]).mape_percent)
        at_random = float(np.mean(drawn))
        figures.append(reported(f"next networks drawn at random, N={networks}: MAPE", at_random, " %"))
        figures.append(
            at_most(f"next networks chosen, N={networks}: MAPE", float(np.mean(chosen)), at_random, " %")
        )
    return figures


def run() -> Sequence[Figure]:
    if not hurricane_x86.present():
        print(f"no predictor is judged: {hurricane_x86.FOLDER} has no hurricane_x86 files", file=sys.stderr)
        return []
    found = hurricane_x86.measurements()
    fifo = found.labels["fifo"]
    return [
        reported(
            "hurricane_x86 labels: two visits' median difference", 100 * hurricane_x86.visit_scatter(), " %"
        ),
        *model_figures("fifo", fifo, found.kinds, promised=True),
        *model_figures(
            "fifo, not corrected", found.labels["fifo, not corrected"], found.kinds, promised=False
        ),
        *model_figures("contended", found.labels["contended"], found.kinds, promised=False),
        *baseline_figures(fifo, found.kinds),
        *narrow_figures(fifo, found.kinds),
        *selection_figures(fifo, found.kinds),
    ]


def _mape(
    model: CostModel[SpaceData, Codes], data: SpaceData, kinds: NDArray[np.str_], networks: int
) -> float:
    found = []
    for seed in SEEDS:
        kept, held = stratified_split(kinds, networks, seed)
        mean = model.fit(data.select(kept)).predict(data.codes[held]).mean_ms
        found.append(errors(mean, data.latency_ms[held]).mape_percent)
    return float(np.mean(found))


if __name__ == "__main__":
    main(run)
