"""Which networks of a kernel campaign are measured next."""

from dataclasses import replace

import numpy as np
import pytest

from edgemeter.kernels.kernel import KernelGraph
from edgemeter_predictors.kernels.choosing import choose
from edgemeter_predictors.kernels.features import described
from edgemeter_predictors.kernels.model import KernelModel
from edgemeter_predictors.kernels.prices import Prices
from tests.unit.predictors.test_kernels import data, graph, light


@pytest.fixture(scope="module")
def prices() -> Prices:
    return KernelModel().fit(data(30, 1)).prices


def graphs(count: int, seed: int, *more: str) -> tuple[KernelGraph, ...]:
    rng = np.random.default_rng(seed)
    return tuple(graph(rng, *more) for _ in range(count))


def test_covariance_of_a_kernel_with_itself_is_what_its_prediction_says(prices: Prices) -> None:
    regressor = prices.regressors["Add"]
    _, sizes = described(KernelGraph(tuple(light(np.random.default_rng(2), "Add") for _ in range(6))))
    _, deviation = regressor.predict(np.ones((len(sizes), len(regressor.roofline))), sizes)
    joint = regressor.covariance(sizes)
    np.testing.assert_allclose(np.diag(joint) + regressor.tuned.noise**2, np.square(deviation), atol=1e-9)
    assert np.linalg.eigvalsh(joint).min() > -1e-8


def test_a_kind_that_nobody_knows_is_measured_first_where_it_matters(prices: Prices) -> None:
    pool = (*graphs(8, 3), *graphs(1, 4, "Softmax", "Softmax"), *graphs(1, 5, "Erf"))
    assert choose(prices, pool, graphs(5, 6, "Softmax"), 1) == [8]
    assert choose(prices, pool, graphs(5, 6, "Erf"), 1) == [9]


def test_each_is_chosen_once(prices: Prices) -> None:
    pool = graphs(7, 7)
    assert sorted(choose(prices, pool, graphs(3, 8), 20)) == list(range(7))
    assert choose(prices, (), graphs(3, 8), 5) == []


def test_what_is_known_after_one_choice_is_not_measured_again_before_others(prices: Prices) -> None:
    """Two networks of the same unknown kernel: the second tells little once the first is known."""
    rng = np.random.default_rng(9)
    softmax, erf = (KernelGraph((replace(light(rng, kind), time_us=5.0),)) for kind in ("Softmax", "Erf"))
    matter = (softmax, softmax, erf)
    assert choose(prices, (softmax, softmax, erf), matter, 2) == [0, 2]
