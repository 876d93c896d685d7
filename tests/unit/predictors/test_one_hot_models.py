from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import BayesianRidge as Reference
from sklearn.linear_model import LinearRegression

from edgemeter.spaces.space import Codes
from edgemeter_predictors.bayesian_ridge import BayesianRidge, evidence
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.linear import Linear
from edgemeter_predictors.one_hot import Features, one_hot_terms
from edgemeter_predictors.terms import entry_index, offsets
from edgemeter_predictors.testing import CostModelContract
from tests.unit.predictors import blocks


class _OneHotContract(CostModelContract):
    @pytest.fixture
    def data(self) -> SpaceData:
        return blocks.data(80)


class TestLinear(_OneHotContract):
    @pytest.fixture
    def model(self) -> Linear:
        return Linear()


class TestBayesianRidge(_OneHotContract):
    scales = False

    @pytest.fixture
    def model(self) -> BayesianRidge:
        return BayesianRidge()


def one_hot(codes: Codes, features: Features = "columns") -> NDArray[np.float64]:
    terms = one_hot_terms(blocks.SPACE, features)
    matrix = np.zeros((len(codes), offsets(terms)[-1]))
    for entry in entry_index(terms, codes).T:
        matrix[np.arange(len(codes)), entry] = 1.0
    return matrix


def check_like_scikit_learn(data: SpaceData, features: Features) -> None:
    reference = Reference().fit(one_hot(data.codes, features), data.latency_ms)
    model = BayesianRidge(features)
    solution = evidence(model.statistics(data).centred())
    assert solution.iterations == reference.n_iter_
    assert solution.alpha == pytest.approx(reference.alpha_, rel=1e-9)
    assert solution.lambda_ == pytest.approx(reference.lambda_, rel=1e-9)
    asked = blocks.sample(50, seed=7)
    mean, std = reference.predict(one_hot(asked, features), return_std=True)
    prediction = model.fit(data).predict(asked)
    np.testing.assert_allclose(prediction.mean_ms, mean, rtol=1e-9)
    np.testing.assert_allclose(prediction.std_ms, std, rtol=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(60, 400), st.floats(1e-3, 0.15), st.integers(0, 99))
def test_bayesian_ridge_is_scikit_learns(rows: int, noise: float, seed: int) -> None:
    check_like_scikit_learn(blocks.data(rows, seed, noise), "columns")


def test_bayesian_ridge_of_pairs_is_scikit_learns() -> None:
    check_like_scikit_learn(blocks.data(900, noise=0.05), "pairs")


@settings(deadline=None, max_examples=10)
@given(st.integers(3, 60), st.integers(1, 60))
def test_more_measurements_need_none_of_the_old_ones(before: int, more: int) -> None:
    data = blocks.data(before + more)
    model = BayesianRidge()
    old = model.statistics(data.select(np.arange(before)))
    rest = data.select(np.arange(before, before + more))
    for row in range(more):
        old = old.plus(rest.codes[row : row + 1], rest.latency_ms[row : row + 1])
    at_once = model.statistics(data).centred()
    np.testing.assert_allclose(old.centred().xy, at_once.xy, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(old.centred().gram, at_once.gram)
    assert old.centred().yy == pytest.approx(at_once.yy, rel=1e-9)


def test_noise_free_additive_data_do_not_break_it() -> None:
    data = blocks.data(300)
    exact = replace(data, latency_ms=2 + one_hot(data.codes) @ np.linspace(0.1, 3, 38))
    predicted = BayesianRidge().fit(exact).predict(exact.codes)
    np.testing.assert_allclose(predicted.mean_ms, exact.latency_ms, rtol=1e-4)
    assert (predicted.std_ms < 0.01 * predicted.mean_ms).all()


def test_fewer_networks_than_weights_keep_the_noise_that_is_known() -> None:
    data = replace(blocks.data(12, noise=0.03), retest_error=0.03)
    prediction = BayesianRidge().fit(data).predict(blocks.sample(50, 3))
    assert (prediction.std_ms > 0.02 * data.latency_ms.mean()).all()


def test_linear_is_least_squares() -> None:
    data = blocks.data(200)
    reference = LinearRegression().fit(one_hot(data.codes), data.latency_ms)
    asked = blocks.sample(50, seed=3)
    np.testing.assert_allclose(
        Linear().fit(data).predict(asked).mean_ms, reference.predict(one_hot(asked)), rtol=1e-9
    )


def test_linear_is_unsure_about_decisions_that_it_never_saw() -> None:
    data = blocks.data(300)
    few = data.select(np.flatnonzero(data.codes[:, 0] != 2))
    prediction = Linear().fit(few).predict(data.codes)
    unseen = data.codes[:, 0] == 2
    assert prediction.std_ms[unseen].min() > prediction.std_ms[~unseen].max()


def test_linear_wants_more_networks_than_weights() -> None:
    with pytest.raises(NotApplicable, match="more networks than the 30 weights"):
        Linear().fit(blocks.data(30))
