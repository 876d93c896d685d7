"""The contract suite that proves any cost model, shipped so that third parties can run it over theirs.

    class TestMyModel(CostModelContract):
        @pytest.fixture
        def model(self) -> CostModel[SpaceData, Codes]:
            return MyModel()

        @pytest.fixture
        def data(self) -> SpaceData:
            return ...  # at least 40 different networks whose latencies are near additive

It needs pytest, which is no dependency of EdgeMeter.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgemeter.spaces.space import CodeError, Codes
from edgemeter_predictors.contract import CostModel, Fitted, NotApplicable
from edgemeter_predictors.data import OperatorTable, SpaceData
from edgemeter_predictors.joint import TellsJointly
from edgemeter_predictors.saving.predictors import load, save
from edgemeter_predictors.training import train

#: In another unit, or in another order, what differs is rounding.
_ROUNDING = 1e-6


class CostModelContract:
    """Override `model` and `data`; `worst_error` for a model that is not meant for additive data,
    `scales` for one whose published form knows only one unit, `chooses` for one that fits another.
    """

    worst_error = 0.2
    scales = True
    chooses = False

    @pytest.fixture
    def model(self) -> CostModel[SpaceData, Codes]:
        raise NotImplementedError

    @pytest.fixture
    def data(self) -> SpaceData:
        raise NotImplementedError

    @pytest.fixture
    def fitted(self, model: CostModel[SpaceData, Codes], data: SpaceData) -> Fitted[Codes]:
        return model.fit(data)

    def test_names_itself_and_says_what_it_did(
        self, model: CostModel[SpaceData, Codes], fitted: Fitted[Codes]
    ) -> None:
        assert fitted.model == model.name or self.chooses
        assert fitted.explanation

    def test_predicts_networks_it_has_not_seen(
        self, model: CostModel[SpaceData, Codes], data: SpaceData
    ) -> None:
        split = len(data) * 3 // 4
        fitted = model.fit(data.select(np.arange(split)))
        mean = fitted.predict(data.codes[split:]).mean_ms
        assert np.mean(np.abs(mean / data.latency_ms[split:] - 1)) < self.worst_error

    def test_predicts_finite_means_and_positive_spreads(self, fitted: Fitted[Codes], data: SpaceData) -> None:
        _check_finite(fitted, data.codes)

    def test_no_networks_are_no_predictions(self, fitted: Fitted[Codes], data: SpaceData) -> None:
        assert fitted.predict(data.codes[:0]).mean_ms.shape == (0,)
        assert fitted.predict(data.codes[:0]).std_ms.shape == (0,)
        assert fitted.parts(data.codes[:0]).rest_ms.shape == (0,)

    def test_a_row_does_not_depend_on_the_others(self, fitted: Fitted[Codes], data: SpaceData) -> None:
        together = fitted.predict(data.codes)
        alone = fitted.predict(data.codes[5:6])
        assert alone.mean_ms[0] == pytest.approx(together.mean_ms[5], rel=1e-9)
        assert alone.std_ms[0] == pytest.approx(together.std_ms[5], rel=1e-9)

    def test_what_it_says_of_many_together_agrees_with_what_it_says_of_each(
        self, fitted: Fitted[Codes], data: SpaceData
    ) -> None:
        if not isinstance(fitted, TellsJointly):
            pytest.skip("does not tell how its errors hang together")
        joint, variance = fitted.joint(data.codes), np.square(fitted.predict(data.codes).std_ms)
        np.testing.assert_allclose(np.diag(joint.covariance) + joint.noise, variance, rtol=_ROUNDING)
        np.testing.assert_allclose(joint.covariance, joint.covariance.T, atol=_ROUNDING * variance.max())
        assert np.linalg.eigvalsh(joint.covariance).min() > -_ROUNDING * variance.max()
        few = fitted.joint(data.codes[3:9]).covariance
        np.testing.assert_allclose(few, joint.covariance[3:9, 3:9], atol=_ROUNDING * variance.max())

    def test_memory_order_of_codes_does_not_matter(self, fitted: Fitted[Codes], data: SpaceData) -> None:
        by_row = fitted.predict(np.ascontiguousarray(data.codes))
        by_column = fitted.predict(np.asfortranarray(data.codes))
        np.testing.assert_allclose(by_row.mean_ms, by_column.mean_ms, rtol=1e-12)

    def test_parts_sum_to_the_mean(self, fitted: Fitted[Codes], data: SpaceData) -> None:
        parts = fitted.parts(data.codes)
        assert parts.layers_ms.shape == (len(data), len(data.space.layers))
        total = parts.layers_ms.sum(axis=1) + parts.rest_ms
        np.testing.assert_allclose(total, fitted.predict(data.codes).mean_ms, rtol=1e-9)

    def test_codes_of_another_version_are_refused(self, fitted: Fitted[Codes], data: SpaceData) -> None:
        too_large = data.codes[:2].copy()
        too_large[1, 0] = len(data.space.columns[0].choices)
        signed: NDArray[Any] = data.codes.astype(np.int64)
        for codes in (too_large, data.codes[:, 1:], data.codes[0], signed):
            with pytest.raises(CodeError):
                fitted.predict(codes)
            with pytest.raises(CodeError):
                fitted.parts(codes)

    def test_the_data_are_left_as_they_were(
        self, model: CostModel[SpaceData, Codes], data: SpaceData
    ) -> None:
        codes, latency_ms = data.codes.copy(), data.latency_ms.copy()
        model.fit(data)
        np.testing.assert_array_equal(data.codes, codes)
        np.testing.assert_array_equal(data.latency_ms, latency_ms)

    def test_the_same_data_give_the_same_model(
        self, model: CostModel[SpaceData, Codes], fitted: Fitted[Codes], data: SpaceData
    ) -> None:
        _check_equal(model.fit(data), fitted, data.codes, rtol=0)

    def test_the_order_of_rows_does_not_matter(
        self, model: CostModel[SpaceData, Codes], fitted: Fitted[Codes], data: SpaceData
    ) -> None:
        _check_equal(model.fit(data.select(np.arange(len(data))[::-1])), fitted, data.codes, rtol=_ROUNDING)

    @pytest.mark.parametrize("unit", [1e-3, 1e3])
    def test_another_unit_scales_the_predictions(
        self, model: CostModel[SpaceData, Codes], fitted: Fitted[Codes], data: SpaceData, unit: float
    ) -> None:
        if not self.scales:
            pytest.skip("reproduces a published model that does not")
        scaled = model.fit(_scaled(data, unit)).predict(data.codes)
        plain = fitted.predict(data.codes)
        np.testing.assert_allclose(scaled.mean_ms, plain.mean_ms * unit, rtol=_ROUNDING)
        np.testing.assert_allclose(scaled.std_ms, plain.std_ms * unit, rtol=_ROUNDING)

    def test_what_is_saved_is_the_whole_predictor(
        self, model: CostModel[SpaceData, Codes], data: SpaceData
    ) -> None:
        predictor = train(model, data, count=2, about={"target": "a board"})
        again = load(save(predictor, data.space), data.space)
        _check_equal(again.fitted, predictor.fitted, data.codes, rtol=0)
        assert again.fitted.explanation == predictor.fitted.explanation
        assert (again.calibration, again.about) == (predictor.calibration, predictor.about)
        assert again.errors == predictor.errors

    @pytest.mark.parametrize("rows", [0, 1, 2, 3])
    def test_very_few_rows(self, model: CostModel[SpaceData, Codes], data: SpaceData, rows: int) -> None:
        _check_fits_or_refuses(model, data.select(np.arange(rows)), data.codes)

    def test_constant_latencies(self, model: CostModel[SpaceData, Codes], data: SpaceData) -> None:
        _check_fits_or_refuses(model, replace(data, latency_ms=np.full(len(data), 3.0)), data.codes)

    def test_one_network_measured_many_times(
        self, model: CostModel[SpaceData, Codes], data: SpaceData
    ) -> None:
        _check_fits_or_refuses(model, data.select(np.zeros(12, np.intp)), data.codes)

    def test_every_network_measured_twice(self, model: CostModel[SpaceData, Codes], data: SpaceData) -> None:
        _check_fits_or_refuses(model, data.select(np.repeat(np.arange(len(data)), 2)), data.codes)

    def test_noise_free_additive_latencies_are_learnt(
        self, model: CostModel[SpaceData, Codes], data: SpaceData
    ) -> None:
        """Where scikit-learn's BayesianRidge gives NaN or errs by thousands of percent."""
        rng = np.random.default_rng(1)
        costs = [rng.uniform(0.1, 2.0, len(column.choices)) for column in data.space.columns]
        latency_ms = 1 + np.sum([cost[data.codes[:, n]] for n, cost in enumerate(costs)], axis=0)
        exact = replace(data, latency_ms=latency_ms, table=_unlike(data.table, rng))
        fitted = model.fit(exact)
        _check_finite(fitted, data.codes)
        assert np.max(np.abs(fitted.predict(data.codes).mean_ms / latency_ms - 1)) < 1


def _unlike(table: OperatorTable | None, rng: np.random.Generator) -> OperatorTable | None:
    """The table of a device that these latencies are not of."""
    if table is None:
        return None
    return replace(table, latency_ms=rng.uniform(0.1, 2.0, len(table.latency_ms)))


def _scaled(data: SpaceData, unit: float) -> SpaceData:
    table = data.table and replace(data.table, latency_ms=data.table.latency_ms * unit)
    return replace(data, latency_ms=data.latency_ms * unit, table=table)


def _check_fits_or_refuses(model: CostModel[SpaceData, Codes], data: SpaceData, codes: Codes) -> None:
    with suppress(NotApplicable):
        _check_finite(model.fit(data), codes)


def _check_finite(fitted: Fitted[Any], codes: Codes) -> None:
    prediction = fitted.predict(codes)
    for values in (prediction.mean_ms, prediction.std_ms):
        assert values.shape == (len(codes),)
        assert values.dtype == np.float64
        assert np.isfinite(values).all()
    assert (prediction.std_ms > 0).all()


def _check_equal(one: Fitted[Any], other: Fitted[Any], codes: NDArray[np.uint8], rtol: float) -> None:
    left, right = one.predict(codes), other.predict(codes)
    np.testing.assert_allclose(left.mean_ms, right.mean_ms, rtol=rtol)
    np.testing.assert_allclose(left.std_ms, right.std_ms, rtol=rtol)
    parts, others = one.parts(codes), other.parts(codes)
    np.testing.assert_allclose(parts.layers_ms, others.layers_ms, rtol=rtol, atol=rtol)
