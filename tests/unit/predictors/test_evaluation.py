import pickle
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter.spaces.registry import find_space
from edgemeter.spaces.space import CodeError
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.data import OperatorTable, SpaceData
from edgemeter_predictors.evaluation import local
from edgemeter_predictors.evaluation.bulk import Bulk, compiled_loops
from edgemeter_predictors.evaluation.evaluator import Evaluator
from edgemeter_predictors.evaluation.local import load_local
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.judging.calibration import Calibration
from edgemeter_predictors.linear import Linear
from edgemeter_predictors.lut import Lut
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.predictors import save
from tests.unit.predictors import blocks

DATA = blocks.data(1200)
FITTED = {
    "lut": Lut().fit(DATA),
    "linear": Linear().fit(DATA),
    "bayesian_ridge": BayesianRidge().fit(DATA),
    "pairs": BayesianRidge("pairs", pruned=True).fit(DATA),
    "hierarchical": Hierarchical().fit(DATA.select(np.arange(40))),
}
LOOPS = {"numpy": None, "numba": compiled_loops()}


@pytest.fixture(params=FITTED)
def fitted(request: pytest.FixtureRequest) -> Additive:
    return FITTED[request.param]


@pytest.fixture(params=LOOPS)
def bulk(request: pytest.FixtureRequest, fitted: Additive) -> Bulk:
    if request.param == "numba" and LOOPS["numba"] is None:
        pytest.skip("numba is not installed")
    return Bulk(fitted, LOOPS[request.param])


@pytest.mark.parametrize("rows", [0, 1, 40_000])
def test_bulk_is_predict_in_single_precision(bulk: Bulk, fitted: Additive, rows: int) -> None:
    codes = np.asfortranarray(blocks.sample(rows, seed=3))
    mean, std = bulk.latency_and_std_ms(codes)
    some = slice(None, None, 50)
    expected = fitted.predict(codes[some])
    assert mean.dtype == std.dtype == np.float32
    np.testing.assert_allclose(mean[some], expected.mean_ms, rtol=1e-5)
    np.testing.assert_allclose(std[some], expected.std_ms, rtol=1e-3)
    np.testing.assert_array_equal(bulk.latency_ms(np.ascontiguousarray(codes)), mean)


def test_a_search_s_own_process_has_the_tables(fitted: Additive, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = save(Predictor(fitted, Calibration((1.0,) * 64, 40), None, 0.02, 40), blocks.SPACE)
    predictor, codes = load_local(saved, blocks.SPACE), blocks.sample(30, seed=6)
    exact = predictor.predict(codes)
    np.testing.assert_array_equal(exact.mean_ms, fitted.predict(codes).mean_ms)
    monkeypatch.setattr(local, "MANY", 30)
    assert predictor.predict(codes).mean_ms.dtype == np.float32
    again = pickle.loads(pickle.dumps(predictor))  # noqa: S301  for other processes of the search
    many = again.predict(codes)
    np.testing.assert_allclose(many.mean_ms, exact.mean_ms, rtol=1e-5)
    np.testing.assert_allclose(again.interval(many).high_ms, again.interval(exact).high_ms, rtol=1e-3)


def test_one_is_predict(bulk: Bulk, fitted: Additive) -> None:
    codes = blocks.sample(20, seed=4)
    expected = fitted.predict(codes).mean_ms
    assert [bulk.one(row) for row in codes] == pytest.approx(expected.tolist(), rel=1e-12)


@pytest.mark.parametrize("loops", LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("rows", [0, 3, 5_000])
def test_rows_and_tables_are_the_predictor_s(fitted: Additive, loops: ModuleType | None, rows: int) -> None:
    predictor = Predictor(fitted, Calibration((0.5, 1.0, 1.3, 1.7, 2.0, 2.5, 3.0), 40), None, 0.01, 40)
    evaluator, codes = Evaluator(predictor, loops), blocks.sample(rows, seed=5)
    prediction = predictor.predict(codes)
    interval = predictor.interval(prediction, 0.8)
    expected = np.column_stack([prediction.mean_ms, interval.low_ms, interval.high_ms])
    asked = [row.tobytes() for row in codes]
    found = [*evaluator.rows_ms(fitted.space, asked, 0.8)]
    np.testing.assert_allclose(found or np.empty((0, 3)), expected, rtol=1e-9)
    np.testing.assert_allclose(evaluator.table_ms(codes, 0.8), expected, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="level"):
        evaluator.rows_ms(fitted.space, asked, 0.3)
    with pytest.raises(ValueError, match="level"):
        evaluator.table_ms(codes, 0.3)


@settings(deadline=None, max_examples=20)
@given(row=st.integers(0, 99), column=st.integers(0, 6), code=st.integers(6, 255))
@pytest.mark.parametrize("loops", LOOPS.values(), ids=LOOPS)
def test_codes_out_of_range_are_named(loops: ModuleType | None, row: int, column: int, code: int) -> None:
    codes = np.asfortranarray(blocks.sample(100))
    codes[row, column] = code
    for fitted in (FITTED["lut"], FITTED["bayesian_ridge"]):
        bulk = Bulk(fitted, loops)
        for ask in (bulk.latency_ms, bulk.latency_and_std_ms):
            with pytest.raises(CodeError, match=f"row {row}, column {column}"):
                ask(codes)
        with pytest.raises(CodeError, match=f"column {column}"):
            bulk.one(codes[row])


def test_codes_of_another_shape_are_refused(bulk: Bulk) -> None:
    codes = blocks.sample(4)
    for wrong in (codes[:, 1:], codes.astype(np.int16)):
        with pytest.raises(CodeError):
            bulk.latency_ms(wrong)  # type: ignore[arg-type]
    with pytest.raises(CodeError):
        bulk.one(codes[0, 1:])


@pytest.mark.parametrize("loops", LOOPS.values(), ids=LOOPS)
def test_a_real_space(loops: ModuleType | None) -> None:
    space = find_space("hurricane")
    rng = np.random.default_rng(0)
    latency_ms = rng.uniform(0.1, 3.0, len(space.placed))
    codes = rng.integers(0, 32, (3_000, 20), np.uint8)
    data = SpaceData(space, codes[:0], np.empty(0), OperatorTable(latency_ms, np.full(len(latency_ms), 0.02)))
    fitted = Hierarchical().fit(data)
    bulk = Bulk(fitted, loops)
    mean, std = bulk.latency_and_std_ms(codes)
    expected = fitted.predict(codes)
    np.testing.assert_allclose(mean, expected.mean_ms, rtol=1e-5)
    np.testing.assert_allclose(std, expected.std_ms, rtol=1e-3)
    np.testing.assert_array_equal(bulk.latency_ms(np.asfortranarray(codes)), mean)
    codes[2_000, 7] = 32
    with pytest.raises(CodeError, match="row 2000, column 7"):
        bulk.latency_ms(codes)
