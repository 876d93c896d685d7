"""Whether a predictor of kernels that a stranger saved can be asked: sizes as fits make them, and an answer.

What passes is bounded in what a question costs. Its answers may still be wrong: that is its publisher's.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.judging.calibration import LEVELS
from edgemeter_predictors.kernels.data import Graphs
from edgemeter_predictors.kernels.features import LOADS, SIZES
from edgemeter_predictors.kernels.model import FittedKernels, operator_sums
from edgemeter_predictors.kernels.prices import Priced
from edgemeter_predictors.kernels.regressor import MOST_ROWS, Regressor
from edgemeter_predictors.kernels.telling.outcomes import Own
from edgemeter_predictors.kernels.telling.teller import Teller
from edgemeter_predictors.overhead import features
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.container import FileError

MOST_KINDS: Final = 256
#: Of the kernels of each kind, summed: what a predictor takes in memory while it is asked, 64 MB.
MOST_PAIRS: Final = 8_000_000
_NAME_SIGNS: Final = 200
_MOST_MORE: Final = 16  #: kernels that one operator becomes, and inputs of each


def prove(predictor: Predictor[Graphs]) -> None:
    """Raises FileError, in words for whoever saved it."""
    fitted = predictor.fitted
    if not isinstance(fitted, FittedKernels):
        raise FileError("this predictor is not of kernels")
    if fitted.teller is None:
        raise FileError(
            "this predictor needs its engine to tell kernels: fit it again with `edgemeter kernels fit`"
            " from a campaign that has the networks' graphs"
        )
    try:
        wrong = next(_wrong(predictor, fitted, fitted.teller), None)
    except (ValueError, TypeError, AttributeError, IndexError, ArithmeticError) as error:
        wrong = f"it cannot be asked: {error!r:.200}"
    if wrong is not None:
        raise FileError(f"this predictor is damaged: {wrong}")


def _wrong(predictor: Predictor[Graphs], fitted: FittedKernels, teller: Teller) -> Iterator[str]:
    names, prices = fitted.names, fitted.prices
    if (
        len(names) > MOST_KINDS
        or len(set(names)) < len(names)
        or max(map(len, names), default=0) > _NAME_SIGNS
    ):
        yield "it names its kinds of kernels oddly"
    if prices.guess.shape != (len(LOADS),) or not (prices.guess >= 0).all() or not prices.guess_deviation > 0:
        yield "its guess is none"
    if sum(len(each.time_us) ** 2 for each in prices.regressors.values()) > MOST_PAIRS:
        yield "it has too many kernels"
    for name in names:
        if not _answers(prices.regressors[name]):
            yield f"its regressor of {name!r} is none"
    if prices.handover_us.shape != (2,) or not (prices.handover_us >= 0).all() or not _sums(fitted):
        yield "its overhead is none"
    multiples = predictor.calibration.multiples
    if len(multiples) != len(LEVELS) or not np.isfinite(multiples).all() or min(multiples) <= 0:
        yield "its intervals are none"
    if not 0 <= teller.deviation < np.inf or not all(map(_bounded, teller.rules.outcomes)):
        yield "its rules are none"


def _bounded(outcome: object) -> bool:
    """An operator becomes few kernels of few inputs."""
    if not isinstance(outcome, Own):
        return True
    return len(outcome.more) <= _MOST_MORE and all(0 <= inputs <= _MOST_MORE for _, inputs in outcome.more)


def _answers(regressor: Regressor) -> bool:
    rows, tuned = len(regressor.time_us), regressor.tuned
    shaped = (
        1 <= rows <= MOST_ROWS
        and regressor.roofline.shape == (len(LOADS),)
        and regressor.sizes.shape == (rows, len(SIZES))
        and regressor.departure.shape == regressor.time_us.shape == (rows,)
        and tuned.lengths.shape == (len(SIZES),)
    )
    if not shaped or not (_positive(regressor.time_us) and _positive(tuned.lengths) and tuned.deviation > 0):
        return False
    time_us, deviation = regressor.predict(np.ones((1, len(LOADS))), regressor.sizes[:1])
    return _positive(time_us) and _positive(deviation)


def _sums(fitted: FittedKernels) -> bool:
    overhead, names = fitted.overhead, fitted.names
    one = np.ones(1)
    sums = operator_sums([Priced(one, one, one, ("",), names[:1] or (None,), 1.0)], names)
    if overhead.typical_ms.shape != (2,):
        return False
    width = features(sums, overhead.typical_ms).shape[1]
    shaped = (
        overhead.mean.shape == overhead.variance.shape == (width,)
        and overhead.factor.ndim == 2
        and overhead.factor.shape[0] <= max(width, MOST_ROWS)
        and overhead.factor.shape[1] == width
    )
    if not shaped:
        return False
    found = overhead.predict(sums)
    return bool(np.isfinite(found.mean_ms).all()) and _positive(found.std_ms)


def _positive(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all() and (values > 0).all())
