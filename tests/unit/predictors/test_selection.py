import numpy as np
import pytest

from edgemeter.spaces.space import CodeError
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.judging.drift import drift
from edgemeter_predictors.judging.regret import latency_regret_percent, regret
from edgemeter_predictors.selection import select
from edgemeter_predictors.training import train
from tests.unit.predictors import blocks


def test_what_is_chosen_makes_the_model_surer_than_the_same_number_at_random() -> None:
    data = blocks.data(300)
    start = list(range(5))
    fitted = Hierarchical().fit(data.select(np.array(start)))
    chosen = select(fitted, data.codes[5:], 10).rows + 5
    assert len(set(chosen.tolist())) == 10
    rng = np.random.default_rng(0)
    ten = [data.codes[rng.permutation(300)[:10]] for _ in range(20)]
    at_random = [select(fitted, pool, 10, data.codes).deviation[-1] for pool in ten]
    assert select(fitted, data.codes[5:], 10, data.codes).deviation[-1] < np.min(at_random)


def test_expected_deviation_falls_with_every_measurement() -> None:
    data = blocks.data(60)
    selection = select(BayesianRidge().fit(data), blocks.sample(200, 5), 12)
    assert (np.diff(selection.deviation) < 0).all()


def test_it_looks_where_a_search_asks() -> None:
    """Queries that all skip the first half are answered best by networks that do as well."""
    data = blocks.data(400)
    asked = blocks.sample(100, 8)
    asked[:, :3] = 5
    fitted = Hierarchical().fit(data.select(np.arange(10)))
    plain, focused = select(fitted, data.codes, 8).rows, select(fitted, data.codes, 8, asked).rows
    assert (data.codes[focused, :3] == 5).sum() > (data.codes[plain, :3] == 5).sum()


def test_no_more_than_the_pool_has() -> None:
    fitted = Hierarchical().fit(blocks.data(10))
    assert sorted(select(fitted, blocks.sample(4), 9).rows.tolist()) == [0, 1, 2, 3]
    assert select(fitted, blocks.sample(0), 3).rows.shape == (0,)


def test_a_large_pool_is_thinned() -> None:
    rows = select(Hierarchical().fit(blocks.data(10)), blocks.sample(30_000), 3).rows
    assert rows.max() < 30_000


def test_codes_of_another_space_are_refused() -> None:
    with pytest.raises(CodeError):
        select(Hierarchical().fit(blocks.data(10)), blocks.sample(5)[:, 1:], 2)


@pytest.mark.parametrize(("factor", "drifted"), [(1.0, False), (1.01, False), (1.25, True), (0.8, True)])
def test_drift_is_told_from_noise(factor: float, drifted: bool) -> None:
    data = blocks.data(260, noise=0.02)
    predictor = train(Hierarchical(), data.select(np.arange(60)))
    fresh = data.select(np.arange(60, 260))
    prediction = predictor.predict(fresh.codes)
    said = drift(prediction, predictor.interval(prediction), fresh.latency_ms * factor, 0.02, 60)
    assert said.drifted == drifted
    assert said.shift_percent == pytest.approx(100 * (factor - 1), abs=2)


def test_one_new_measurement_rarely_proves_a_drift() -> None:
    data = blocks.data(61)
    predictor = train(Hierarchical(), data.select(np.arange(60)))
    prediction = predictor.predict(data.codes[60:])
    assert not drift(
        prediction, predictor.interval(prediction), data.latency_ms[60:] * 1.03, np.nan, 60
    ).drifted


def test_regret_is_what_the_measured_best_had_over_the_pick() -> None:
    quality = np.array([70.0, 75.0, 76.0, 78.0])
    said = regret(quality, np.array([8.0, 9.0, 10.5, 9.9]), np.array([8.0, 9.1, 9.8, 10.4]), limit_ms=10)
    assert (said.chosen, said.best) == (3, 2)
    assert said.lost == -2
    assert said.over_percent == pytest.approx(4)


def test_regret_where_nothing_keeps_the_limit() -> None:
    said = regret(np.array([1.0]), np.array([11.0]), np.array([12.0]), limit_ms=10)
    assert (said.chosen, said.best, said.lost) == (None, None, 0.0)
    assert regret(np.array([1.0]), np.array([11.0]), np.array([9.0]), limit_ms=10).lost == np.inf


def test_latency_regret() -> None:
    assert latency_regret_percent(np.array([2.0, 1.0, 3.0]), np.array([1.0, 1.1, 4.0])) == pytest.approx(10)
