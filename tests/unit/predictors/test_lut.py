from dataclasses import replace

import numpy as np
import pytest

from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.lut import UNSEEN_RELATIVE_ERROR, Lut
from edgemeter_predictors.testing import CostModelContract
from tests.unit.predictors import blocks


class _LutContract(CostModelContract):
    @pytest.fixture
    def data(self) -> SpaceData:
        return blocks.data()


class TestSum(_LutContract):
    @pytest.fixture
    def model(self) -> Lut:
        return Lut("sum")


class TestBias(_LutContract):
    @pytest.fixture
    def model(self) -> Lut:
        return Lut()


class TestAffine(_LutContract):
    worst_error = 0.03

    @pytest.fixture
    def model(self) -> Lut:
        return Lut("affine")


def by_hand(data: SpaceData) -> list[float]:
    """Every layer looked up one by one."""
    assert data.table is not None
    sums = []
    for row in data.codes:
        picked = [int(layer.placed[tuple(row[list(layer.columns)])]) for layer in data.space.layers]
        sums.append(sum(data.table.latency_ms[position] for position in picked if position >= 0))
    return sums


def test_the_sum_is_the_operators_that_stand_in_the_network() -> None:
    data = blocks.data()
    np.testing.assert_allclose(Lut("sum").fit(data).predict(data.codes).mean_ms, by_hand(data))


def test_the_bias_is_the_mean_of_what_sums_miss() -> None:
    data = blocks.data()
    bias = np.mean(data.latency_ms - by_hand(data))
    np.testing.assert_allclose(Lut().fit(data).predict(data.codes).mean_ms, np.array(by_hand(data)) + bias)


def test_a_negative_bias_is_not_clipped() -> None:
    data = blocks.data()
    assert Lut().fit(replace(data, latency_ms=np.array(by_hand(data)) * 0.8)).rest_ms < 0


def test_the_affine_form_finds_what_made_the_data() -> None:
    data = blocks.data(noise=1e-9)
    fitted = Lut("affine").fit(data)
    assert fitted.rest_ms == pytest.approx(0.4, rel=1e-6)
    np.testing.assert_allclose(fitted.predict(data.codes).mean_ms, data.latency_ms, rtol=1e-6)


def test_without_networks_it_is_the_sum_and_says_how_unsure() -> None:
    data = blocks.data().select(np.arange(0))
    prediction = Lut().fit(data).predict(blocks.sample(5))
    np.testing.assert_allclose(prediction.std_ms, UNSEEN_RELATIVE_ERROR * prediction.mean_ms)


def test_operators_that_were_not_measured_are_named() -> None:
    data = blocks.data()
    assert data.table is not None
    data.table.latency_ms[[3, 5]] = np.nan
    with pytest.raises(NotApplicable, match=r"B_3\|28x28x32->32\|s1, B_7\|28"):
        Lut().fit(data)


def test_no_table_is_told() -> None:
    with pytest.raises(NotApplicable, match="none were given"):
        Lut().fit(replace(blocks.data(), table=None))
