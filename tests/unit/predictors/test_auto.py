from dataclasses import replace

import numpy as np
import pytest

from edgemeter_predictors.auto import Auto, Judged, choose
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.comparisons import GradientBoosting, RandomForest
from edgemeter_predictors.contract import CostModel, NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.judging.cross_validation import HeldOut
from edgemeter_predictors.lut import Lut
from edgemeter_predictors.testing import CostModelContract
from tests.unit.predictors import blocks


class TestAuto(CostModelContract):
    chooses = True
    scales = False  # some candidates do not
    worst_error = 0.05

    @pytest.fixture
    def model(self) -> Auto:
        return Auto((Hierarchical(), Lut("affine"), BayesianRidge()), count=3)

    @pytest.fixture
    def data(self) -> SpaceData:
        return blocks.data(48)


def crossed(data: SpaceData) -> SpaceData:
    """Latencies that no sum of operators explains, only pairs of decisions do."""
    first, second = data.codes[:, 0].astype(int), data.codes[:, 1].astype(int)
    return replace(data, latency_ms=5 + 2.0 * (first % 2) * (second % 2) + 0.01 * data.latency_ms, table=None)


def test_it_takes_the_table_where_the_table_is_right() -> None:
    fitted = Auto().fit(blocks.data(60))
    assert fitted.model in ("hierarchical", "lut")
    assert "Chosen on held-out networks" in fitted.explanation


def test_it_takes_pairs_where_decisions_act_together() -> None:
    data = crossed(blocks.data(400))
    candidates = (Hierarchical(), BayesianRidge(), BayesianRidge("pairs"))
    fitted = Auto(candidates, count=3).fit(data)
    assert "bayesian_ridge pairs" in fitted.explanation.split(" against ")[0]


def test_every_candidate_is_judged_or_says_why_not() -> None:
    judged = Auto(count=3).judge(blocks.data(20))
    assert len(judged) == len(Auto().candidates)
    for each in judged:
        assert each.refusal or (each.mape_percent > 0 and np.isfinite(each.log_likelihood))


def held_out(shares: list[float]) -> HeldOut:
    """Of predictions that are so far off, all as sure."""
    latency_ms = np.full(len(shares), 10.0)
    return HeldOut(latency_ms, latency_ms * (1 + np.array(shares)), np.ones(len(shares)))


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ([0.10, 0.20] * 5, [0.21, 0.07] * 5, 0),  # a little better, by chance
        ([0.10, 0.20] * 51, [0.21, 0.07] * 51, 1),
        ([0.10, 0.20] * 5, [0.03, 0.04] * 5, 1),
    ],
)
def test_on_few_networks_the_first_stands_unless_another_is_clearly_better(
    first: list[float], second: list[float], chosen: int
) -> None:
    judged = [
        Judged(model, held_out=held_out(shares))
        for model, shares in ((Hierarchical(), first), (Lut(), second))
    ]
    assert choose(judged) is judged[chosen]


def test_without_networks_it_is_the_prior_and_says_so() -> None:
    fitted = Auto().fit(blocks.data(60).select(np.arange(0)))
    assert fitted.model == "hierarchical"
    assert "too few networks" in fitted.explanation


def test_nothing_that_fits_is_told_with_every_reason() -> None:
    data = replace(blocks.data(60).select(np.arange(0)), table=None)
    with pytest.raises(NotApplicable, match=r"hierarchical: .*bayesian_ridge: "):
        Auto().fit(data)


@pytest.mark.parametrize("model", [RandomForest(), GradientBoosting(), RandomForest(pruned=True)])
def test_comparisons_predict_but_are_not_saved(model: CostModel[SpaceData, np.ndarray]) -> None:  # type: ignore[type-arg]
    data = blocks.data(300)
    fitted = model.fit(data.select(np.arange(200)))
    prediction = fitted.predict(data.codes[200:])
    assert np.mean(np.abs(prediction.mean_ms / data.latency_ms[200:] - 1)) < 0.15
    assert (prediction.std_ms > 0).all()
    assert fitted.parts(data.codes).rest_ms.sum() == pytest.approx(fitted.predict(data.codes).mean_ms.sum())
    with pytest.raises(NotApplicable, match="not saved"):
        fitted.state()
    with pytest.raises(NotApplicable, match="3 measured networks"):
        model.fit(data.select(np.arange(2)))
