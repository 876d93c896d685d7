"""The judged protocol: fit a model on some networks, predict all the others, nothing tuned on those."""

from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Final, TypeVar

import numpy as np

from edgemeter.spaces.space import Codes
from edgemeter_predictors.contract import CostModel, NotApplicable
from edgemeter_predictors.data import Rows, SpaceData
from edgemeter_predictors.judging.errors import coverage, errors
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.training import train
from edgemeter_predictors.transferred import Source

LEVEL: Final = 0.9
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Percentages are of measured latencies of the test part. `fit_cpu_s` holds judging and calibrating by
    folds of the training part, but no predictors of other targets; `predict_cpu_us` is per architecture,
    with its standard deviation, all of them in one call.
    """

    mape_percent: float
    rmse_ms: float
    within_5_percent: float
    within_10_percent: float
    spearman: float
    kendall: float
    coverage_90_percent: float
    width_90_percent: float
    fit_cpu_s: float
    predict_cpu_us: float
    model: str
    n_train: int
    n_test: int


def split(data: SpaceData, train_rows: int, seed: int) -> tuple[SpaceData, SpaceData]:
    """A random part to train on, and all else; architectures without a network are in neither."""
    rows: Rows = np.random.default_rng(seed).permutation(np.flatnonzero(data.space.computes(data.codes)))
    if not 0 < train_rows < len(rows):
        raise NotApplicable(
            f"{train_rows} training networks leave none to test on: there are {len(rows)} with a network"
        )
    return data.select(rows[:train_rows]), data.select(rows[train_rows:])


def evaluate(
    model: CostModel[SpaceData, Codes], known: SpaceData, asked: SpaceData
) -> tuple[Evaluation, Predictor[Codes]]:
    predictor, fit_cpu_s = _timed(lambda: train(model, known))
    prediction, predict_cpu_s = _timed(lambda: predictor.predict(asked.codes))
    found = errors(prediction.mean_ms, asked.latency_ms)
    covered = coverage(predictor.interval(prediction, LEVEL), asked.latency_ms)
    return (
        Evaluation(
            mape_percent=found.mape_percent,
            rmse_ms=found.rmse_ms,
            within_5_percent=found.within_5_percent,
            within_10_percent=found.within_10_percent,
            spearman=found.spearman,
            kendall=found.kendall,
            coverage_90_percent=covered.coverage_percent,
            width_90_percent=covered.width_percent,
            fit_cpu_s=fit_cpu_s,
            predict_cpu_us=1e6 * predict_cpu_s / len(asked),
            model=predictor.fitted.model,
            n_train=len(known),
            n_test=len(asked),
        ),
        predictor,
    )


def source(name: str, data: SpaceData, model: CostModel[SpaceData, Codes], rows: int, seed: int) -> Source:
    """A predictor of another target, from at most so many of its networks."""
    drawn: Rows = np.random.default_rng(seed).permutation(np.flatnonzero(data.space.computes(data.codes)))
    return Source(name, model.fit(data.select(drawn[:rows])))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = process_time()
    result = work()
    return result, process_time() - start
