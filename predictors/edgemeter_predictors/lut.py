"""The lookup table: a network takes as long as its operators, and what they do not show.

HSCoNAS, eq. 2 and 3:  LAT(arch) = sum over layers of LAT(operator, layer) + B,
with B the mean of measured - sum over M measured architectures. The affine form, a x sum + B by least
squares with weights 1/y^2, has what B alone misses: in a network an operator finds other caches than alone.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import CostModel, NotApplicable
from edgemeter_predictors.data import OperatorTable, SpaceData
from edgemeter_predictors.spread import relative_spread
from edgemeter_predictors.terms import entry_index, layer_terms, spread_placed

#: The relative standard deviation of a sum that no network has been measured against: published and measured
#: sums miss whole networks by 12 to 48 %, so this is wide, and gone after a few measurements.
UNSEEN_RELATIVE_ERROR = 0.25
#: How many residuals that prior is worth once there are some.
_PRIOR_WEIGHT = 0.1
Form = Literal["sum", "bias", "affine"]
_UNKNOWNS: dict[Form, int] = {"sum": 0, "bias": 1, "affine": 2}


@dataclass(frozen=True, slots=True)
class Lut(CostModel[SpaceData, Codes]):
    """`form`: the plain sum; with the bias B; or affine. Fewer networks than it takes give the form below."""

    name: ClassVar[str] = "lut"

    form: Form = "bias"

    def fit(self, data: SpaceData) -> Additive:
        entries_ms = spread_placed(data.space, whole_table(data).latency_ms)
        terms = layer_terms(data.space)
        sums = entries_ms[entry_index(terms, data.codes)].sum(axis=1)
        form = _affordable(self.form, sums)
        scale, bias = _coefficients(form, sums, data.latency_ms)
        entries_ms = entries_ms * scale
        relative = _relative_error(sums * scale + bias, data.latency_ms, _UNKNOWNS[form])
        spread = relative_spread(entries_ms, bias, relative)
        said = f"{scale:.4g} x the sum of operators {bias:+.4g} ms, from {len(data)} networks"
        return Additive(self.name, said, data.space, terms, entries_ms, bias, spread)


def whole_table(data: SpaceData) -> OperatorTable:
    """The operator table, if it has all the operators of the space."""
    table = given_table(data)
    missing = table.missing
    if len(missing):
        keys = ", ".join(data.space.placed[position].key for position in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise NotApplicable(f"operators without a measurement: {keys}{more}")
    return table


def given_table(data: SpaceData) -> OperatorTable:
    if data.table is None:
        raise NotApplicable("a lookup table needs measured operators, and none were given")
    return data.table


def _affordable(form: Form, sums: NDArray[np.float64]) -> Form:
    """The slope is only known from networks that differ."""
    if form == "affine" and (len(sums) < 3 or np.ptp(sums) <= 1e-9 * sums.max()):
        form = "bias"
    return "sum" if len(sums) == 0 else form


def _coefficients(
    form: Form, sums: NDArray[np.float64], latency_ms: NDArray[np.float64]
) -> tuple[float, float]:
    if form == "sum":
        return 1.0, 0.0
    if form == "bias":
        return 1.0, float(np.mean(latency_ms - sums))
    relative = np.column_stack([sums, np.ones_like(sums)]) / latency_ms[:, None]
    scale, bias = np.linalg.lstsq(relative, np.ones(len(sums)), rcond=None)[0]
    return float(scale), float(bias)


def _relative_error(predicted: NDArray[np.float64], latency_ms: NDArray[np.float64], unknowns: int) -> float:
    residuals = predicted / latency_ms - 1
    free = max(len(residuals) - unknowns, 0) + _PRIOR_WEIGHT
    return float(np.sqrt((residuals @ residuals + _PRIOR_WEIGHT * UNSEEN_RELATIVE_ERROR**2) / free))
