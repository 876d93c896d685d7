from dataclasses import replace

import numpy as np
import pytest

from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import DataError
from edgemeter_predictors.overhead import OperatorData, OperatorSums, Overhead, Summed
from edgemeter_predictors.training import train


def networks(rows: int, seed: int = 0, noise: float = 0.02) -> OperatorData:
    """Two types; the second runs a third slower in a network, and each operator starts in 0.05 ms."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 12, (rows, 6)).astype(float)
    alone = counts * rng.uniform(0.05, 0.6, 6) * rng.uniform(0.5, 2.0, (rows, 1))
    kind = np.array([0, 0, 0, 1, 1, 1])
    latency_ms = 1.5 + (alone * np.where(kind, 1.33, 1.0)).sum(axis=1) + 0.05 * counts.sum(axis=1)
    operators = OperatorSums(alone, counts, (kind, np.arange(6)))
    return OperatorData(operators, latency_ms * (1 + noise * rng.standard_normal(rows)))


def mape(fitted: Summed, data: OperatorData) -> float:
    return float(np.mean(np.abs(fitted.predict(data.operators).mean_ms / data.latency_ms - 1)))


def test_it_learns_what_the_sum_leaves_out() -> None:
    known, asked = networks(60, 1), networks(400, 2, noise=0.0)
    alone = np.mean(np.abs(asked.operators.total_ms / asked.latency_ms - 1))
    assert mape(Overhead().fit(known), asked) < 0.02 < 0.15 < alone


def test_what_goes_with_the_length_of_a_network_is_learnt_where_it_is_there() -> None:
    """A clock that climbs: networks of twice the sum run a seventh faster."""
    known, asked = networks(60, 1), networks(400, 2, noise=0.0)
    climbing, faster = (
        replace(data, latency_ms=data.latency_ms * (1 - 0.2 * np.log(data.operators.total_ms / 12)))
        for data in (known, asked)
    )
    assert mape(Overhead().fit(climbing), faster) < 0.025
    assert "logarithm" in Overhead().fit(climbing).explanation
    assert "logarithm" not in Overhead().fit(known).explanation


def test_another_unit_and_order_change_nothing() -> None:
    known, asked = networks(30, 1), networks(50, 2)
    plain = Overhead().fit(known).predict(asked.operators)
    operators = known.operators
    micro = OperatorData(replace(operators, latency_ms=1e3 * operators.latency_ms), 1e3 * known.latency_ms)
    scaled = (
        Overhead().fit(micro).predict(replace(asked.operators, latency_ms=1e3 * asked.operators.latency_ms))
    )
    np.testing.assert_allclose(scaled.mean_ms, 1e3 * plain.mean_ms, rtol=1e-5)
    turned = Overhead().fit(known.select(np.arange(30)[::-1])).predict(asked.operators)
    np.testing.assert_allclose(turned.std_ms, plain.std_ms, rtol=1e-4)


def test_parts_sum_to_the_mean_and_states_give_the_model_back() -> None:
    data = networks(40)
    fitted = Overhead().fit(data)
    parts = fitted.parts(data.operators)
    total = parts.layers_ms.sum(axis=1) + parts.rest_ms
    np.testing.assert_allclose(total, fitted.predict(data.operators).mean_ms)
    again = Summed.restore(fitted.state()).predict(data.operators)
    np.testing.assert_array_equal(again.std_ms, fitted.predict(data.operators).std_ms)


def test_its_interval_covers_other_networks() -> None:
    inside = []
    for seed in range(2):
        predictor = train(Overhead(), networks(30, seed), count=3)
        asked = networks(200, 50 + seed)
        interval = predictor.interval(predictor.predict(asked.operators))
        inside.append((interval.low_ms <= asked.latency_ms) & (asked.latency_ms <= interval.high_ms))
    assert 0.8 < np.mean(inside) <= 1


def test_networks_without_operators_and_too_few_are_refused() -> None:
    data = networks(20)
    with pytest.raises(DataError, match="positive sum"):
        OperatorSums(np.zeros((2, 3)), np.zeros((2, 3)), ())
    with pytest.raises(NotApplicable, match="needs 8 measured networks, there are 3"):
        Overhead().fit(data.select(np.arange(3)))
