"""The lookup table, corrected where networks show that it is wrong.

With s_j(arch) the share of the table's sum LUT(arch) that the operators of group j have:

    y / LUT = 1 + w_0 + sum over groups g, j in g of w_j s_j + w_b / LUT + noise

The groups are nested, coarse to fine: stage, family, operator (`Space.labels`), operator in context.
The w of one group share a Gaussian prior whose variance is found by evidence; noise is relative. So a
stage that runs faster inside a network than alone corrects all of its operators at once, and only what
repeats with one operator is learnt for that operator. In milliseconds it is a lookup table again, plus
the constant w_b.

Without any network the corrections keep their stated priors.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import CostModel
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.evidence import Posterior, Priors, infer
from edgemeter_predictors.filling import filled
from edgemeter_predictors.lut import UNSEEN_RELATIVE_ERROR, given_table
from edgemeter_predictors.shares import OPERATOR_IN_CONTEXT, Groups, entry_features, group_sums, groups_of
from edgemeter_predictors.spread import Spread
from edgemeter_predictors.terms import layer_terms, spread_placed

#: Standard deviations before any network was seen, as shares of a latency: what stages, families and
#: operators have in common is small; single operators in context err more, as a table's rows do.
_GROUP_ERROR = 0.02
_OPERATOR_ERROR = 0.06
_OVERHEAD_ERROR = 0.05
_NOISE = 0.03
#: Log standard deviations may be off by this much (one sigma): a factor of 1.6; noise by 2.7.
_WIDTH, _NOISE_WIDTH = 0.5, 1.0


@dataclass(frozen=True, slots=True)
class Hierarchical(CostModel[SpaceData, Codes]):
    """`overhead`: learn the constant w_b as well."""

    name: ClassVar[str] = "hierarchical"

    overhead: bool = True

    def fit(self, data: SpaceData) -> Additive:
        completed = filled(data.space, given_table(data))
        table = completed.table
        groups = groups_of(data.space)
        data = data.select(np.lexsort((data.latency_ms, *data.codes.T)))  # rounding in one order
        sums = group_sums(data.space, groups, table.latency_ms, data.codes)
        typical_ms = float(np.median(sums[:, 0])) if len(data) else 1.0
        sums[:, groups.overhead] *= typical_ms
        shares, ratio = sums / sums[:, :1], data.latency_ms / sums[:, 0]
        priors = self._priors(groups, table.relative_error)
        posterior = infer(shares, _group_of(groups), ratio - 1, priors)
        fitted = _additive(data, groups, table.latency_ms, typical_ms, posterior)
        said = "; ".join(filter(None, (fitted.explanation, completed.explanation)))
        return replace(fitted, explanation=said)

    def _priors(self, groups: Groups, relative_error: NDArray[np.float64]) -> Priors:
        errors = [_OPERATOR_ERROR if n == OPERATOR_IN_CONTEXT else _GROUP_ERROR for n in groups.names]
        known = np.zeros(groups.features)
        known[0] = UNSEEN_RELATIVE_ERROR**2
        known[groups.overhead] = _OVERHEAD_ERROR**2 if self.overhead else 0.0
        if OPERATOR_IN_CONTEXT in groups.names:
            known[groups.member[:, -1]] = np.square(np.nan_to_num(relative_error))
        width = [_WIDTH] * len(errors) + [_NOISE_WIDTH]
        return Priors(np.log([*errors, _NOISE]), np.array(width), known)


def _group_of(groups: Groups) -> NDArray[np.intp]:
    return np.concatenate([[-1], groups.group_of, [-1]])


def _additive(
    data: SpaceData, groups: Groups, table_ms: NDArray[np.float64], typical_ms: float, posterior: Posterior
) -> Additive:
    """The corrected table. Noise scatters the sum's own feature; overhead is milliseconds again."""
    space = data.space
    correction = 1 + posterior.mean[0] + posterior.mean[groups.member].sum(axis=1)
    index, weight = entry_features(space, groups, table_ms)
    constant = np.zeros(groups.features)
    constant[groups.overhead] = typical_ms
    noise = np.zeros(groups.features)
    noise[0] = posterior.deviation[-1] ** 2
    spread = Spread(index, weight, constant, posterior.variance, noise, posterior.factor, -1)
    said = _explanation(len(data), groups, posterior)
    entries_ms = spread_placed(space, table_ms * correction)
    rest_ms = float(posterior.mean[groups.overhead] * typical_ms)
    return Additive(Hierarchical.name, said, space, layer_terms(space), entries_ms, rest_ms, spread)


def _explanation(networks: int, groups: Groups, posterior: Posterior) -> str:
    deviations = zip((*groups.names, "noise"), posterior.deviation, strict=True)
    said = ", ".join(f"{name} {deviation:.1%}" for name, deviation in deviations)
    return f"table x {1 + posterior.mean[0]:.3f}, from {networks} networks; corrections: {said}"
