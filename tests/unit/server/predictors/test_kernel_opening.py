"""Saved predictors of files in a real child: what a stranger makes up is refused in words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgemeter_predictors.kernels.proving import prove
from edgemeter_predictors.kernels.regressor import MOST_ROWS
from edgemeter_predictors.kernels.telling.outcomes import Own
from edgemeter_predictors.saving.container import FileError
from edgemeter_predictors.saving.kernel_predictors import load_kernels, save_kernels
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.kernels.opening import open_in_child
from tests.integration.server.predictors.kernel_files import fitted

TARGET = "board.cpu.onnxruntime-1.31.fp32.t1.b1"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return fitted(TARGET, tmp_path_factory.mktemp("kernels"))


def test_a_child_opens_what_a_fit_has_saved(whole: bytes, tmp_path: Path) -> None:
    file = tmp_path / "predictor"
    file.write_bytes(whole)
    opened = open_in_child(file)
    assert opened.about.target == TARGET
    assert opened.judged is not None
    assert not opened.tested
    file.write_bytes(whole[:-1])
    with pytest.raises(Refusal, match="not whole"):
        open_in_child(file)


def _regressor(change: Callable[..., object]) -> Callable[..., object]:
    def of_fitted(fitted):  # type: ignore[no-untyped-def]
        regressors = {name: change(each) for name, each in fitted.prices.regressors.items()}
        return replace(fitted, prices=replace(fitted.prices, regressors=regressors))

    return of_fitted


def _rows(regressor, count):  # type: ignore[no-untyped-def]
    column = np.ones(count)
    sizes = np.ones((count, regressor.sizes.shape[1]))
    return replace(regressor, sizes=sizes, departure=column, time_us=column)


CHANGES = {
    "too many rows": _regressor(lambda each: _rows(each, MOST_ROWS + 1)),
    "no rows": _regressor(lambda each: _rows(each, 0)),
    "other sizes": _regressor(lambda each: replace(each, sizes=each.sizes[:, 1:])),
    "another roofline": _regressor(lambda each: replace(each, roofline=each.roofline[1:])),
    "no time": _regressor(lambda each: replace(each, time_us=0 * each.time_us)),
    "no lengths": _regressor(
        lambda each: replace(each, tuned=replace(each.tuned, lengths=0 * each.tuned.lengths))
    ),
    "a short overhead": lambda each: replace(
        each, overhead=replace(each.overhead, mean=each.overhead.mean[1:])
    ),
    "no guess": lambda each: replace(each, prices=replace(each.prices, guess=-1 - each.prices.guess)),
    "endless kernels": lambda each: replace(
        each,
        teller=replace(
            each.teller, rules=replace(each.teller.rules, outcomes=(Own("x", more=(("y", 10**9),)),) * 9)
        ),
    ),
    "no rules": lambda each: replace(each, teller=None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_no_fit_would_make_is_refused(whole: bytes, change: Callable[..., object]) -> None:
    predictor = load_kernels(whole)
    odd = replace(predictor, fitted=change(predictor.fitted))  # type: ignore[arg-type]
    with pytest.raises(FileError, match=r"damaged|engine|hold the predictor"):
        prove(load_kernels(save_kernels(odd)))
    prove(predictor)
