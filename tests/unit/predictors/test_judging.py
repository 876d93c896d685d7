import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter_predictors.contract import NotApplicable, Prediction
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.judging.calibrating import calibrate
from edgemeter_predictors.judging.cross_validation import HeldOut, cross_validate
from edgemeter_predictors.judging.errors import coverage, errors
from edgemeter_predictors.judging.folds import folds, stratified_split
from edgemeter_predictors.judging.interval import Interval
from edgemeter_predictors.linear import Linear
from edgemeter_predictors.lut import Lut
from edgemeter_predictors.training import train
from tests.unit.predictors import blocks


def test_errors_by_hand() -> None:
    judged = errors(np.array([1.0, 2.2, 3.3, 3.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert judged.networks == 4
    assert judged.mape_percent == pytest.approx(100 * (0 + 0.1 + 0.1 + 0.25) / 4)
    assert judged.rmse_ms == pytest.approx(np.sqrt((0.04 + 0.09 + 1) / 4))
    assert (judged.within_5_percent, judged.spearman) == (25.0, pytest.approx(0.8))
    assert judged.kendall == pytest.approx(4 / 6)


def test_ranks_of_one_network_are_not_known() -> None:
    judged = errors(np.array([1.0]), np.array([2.0]))
    assert np.isnan(judged.spearman)
    assert judged.mape_percent == 50


def test_an_infinite_interval_is_a_miss() -> None:
    low, high = np.array([0.9, -np.inf, 0.9, np.nan]), np.array([1.1, np.inf, 0.95, 2.0])
    judged = coverage(Interval(low, high, 0.9), np.ones(4))
    assert judged.coverage_percent == 25
    assert judged.width_percent == pytest.approx(100 * (0.2 + 0.05) / 2)
    assert judged.score_percent > judged.width_percent


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40), st.integers(1, 12), st.integers(0, 5))
def test_folds_hold_every_row_out_once_and_never_tear_a_network(
    same: list[int], count: int, seed: int
) -> None:
    numbers = np.array(same)
    held_out = []
    for kept, held in folds(numbers, count, seed):
        held_out += held.tolist()
        assert not set(numbers[kept]) & set(numbers[held])
        assert sorted([*kept, *held]) == list(range(len(same)))
    assert sorted(held_out) == list(range(len(same)))


def test_a_stratified_split_keeps_the_shares() -> None:
    kinds = np.array(["a"] * 60 + ["b"] * 30 + ["c"] * 3)
    train_rows, test_rows = stratified_split(kinds, 31, seed=1)
    assert [int((kinds[train_rows] == kind).sum()) for kind in "abc"] == [20, 10, 1]
    assert len(train_rows) + len(test_rows) == 93


def test_what_is_held_out_was_not_seen() -> None:
    """A network that the model has seen would be predicted much better than this one, alone with its
    decisions.
    """
    data = blocks.data(40)
    far = data.latency_ms.copy()
    far[7] *= 3
    held_out = cross_validate(Lut(), type(data)(data.space, data.codes, far, data.table))
    assert held_out.mean_ms[7] < 0.6 * far[7]


def test_two_different_networks_are_needed() -> None:
    with pytest.raises(NotApplicable):
        cross_validate(Lut(), blocks.data(5).select(np.zeros(3, np.intp)))


def drawn(rows: int, seed: int, heavy: bool) -> HeldOut:
    """A model whose own word is too narrow by half."""
    rng = np.random.default_rng(seed)
    scatter = rng.standard_t(3, rows) if heavy else rng.standard_normal(rows)
    return HeldOut(10 + 0.4 * scatter, np.full(rows, 10.0), np.full(rows, 0.2))


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("rows", [10, 30, 100])
def test_intervals_cover_what_they_say(rows: int, heavy: bool) -> None:
    covered = []
    for seed in range(200):
        asked = drawn(200, 1000 + seed, heavy)
        interval = calibrate(drawn(rows, seed, heavy)).interval(asked.prediction)
        covered.append(coverage(interval, asked.latency_ms).coverage_percent)
    assert 88 <= np.mean(covered) <= 95


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 60), st.integers(0, 9))
def test_intervals_are_finite_and_nested(rows: int, seed: int) -> None:
    calibration = calibrate(drawn(rows, seed, heavy=True) if rows else None)
    prediction = Prediction(np.array([5.0, 0.1]), np.array([0.2, 0.3]))
    before = 0.0
    for level in (0.5, 0.6, 0.9, 0.93, 0.99):
        interval = calibration.interval(prediction, level)
        width = float(interval.high_ms[0] - interval.low_ms[0])
        assert np.isfinite(width)
        assert width >= before
        assert (interval.low_ms >= 0).all()
        before = width


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"from 0\.5 to 0\.99"):
        calibrate(None).multiple(1.0)


def test_a_predictor_is_judged_on_networks_held_out() -> None:
    data = blocks.data(60, noise=0.02)
    predictor = train(Hierarchical(), data, about={"target": "a board"})
    assert predictor.errors is not None
    assert predictor.errors.networks == 60
    assert 1 < predictor.errors.mape_percent < 3
    interval = predictor.interval(predictor.predict(blocks.data(200, 0).codes))
    assert coverage(interval, blocks.data(200, 0).latency_ms).coverage_percent > 80


def test_without_networks_the_stated_prior_is_the_interval() -> None:
    predictor = train(Hierarchical(), blocks.data(0))
    assert predictor.errors is None
    assert predictor.calibration.networks == 0
    prediction = predictor.predict(blocks.sample(3))
    assert (predictor.interval(prediction).high_ms > 1.2 * prediction.mean_ms).all()


def test_a_model_whose_folds_are_too_small_is_published_without_errors() -> None:
    """32 networks carry 31 weights; what ten folds leave of them does not."""
    predictor = train(Linear(), blocks.data(33))
    assert predictor.errors is None
