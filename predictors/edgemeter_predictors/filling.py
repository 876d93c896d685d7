"""Operators that nobody has measured, guessed from their like.

    log latency = mean + operator + context + family + stage + what is the operator's own

each of these normal with a variance found by evidence (evidence.py). A guess has the standard deviation that
is left, which widens every interval that the operator stands in.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Space
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import OperatorTable
from edgemeter_predictors.evidence import Posterior, Priors, infer

#: Of the operators that must have been measured, for the others to have a like at all.
_LEAST_MEASURED = 0.5
_EFFECT, _OWN, _WIDTH = 0.5, 0.2, 1.0


@dataclass(frozen=True, slots=True)
class Filled:
    """`guessed` are the positions that had no measurement."""

    table: OperatorTable
    guessed: NDArray[np.intp]

    @property
    def explanation(self) -> str:
        """Empty where nothing was guessed."""
        if not len(self.guessed):
            return ""
        return (
            f"{len(self.guessed)} of {len(self.table.latency_ms)} operators were not measured and are guessed"
        )


def filled(space: Space, table: OperatorTable) -> Filled:
    """Raises NotApplicable where more than half of the operators are missing."""
    guessed = table.missing
    if not len(guessed):
        return Filled(table, guessed)
    known = np.flatnonzero(~np.isnan(table.latency_ms))
    if len(known) < _LEAST_MEASURED * len(table.latency_ms):
        raise NotApplicable(
            f"only {len(known)} of {len(table.latency_ms)} operators of {space.name} are measured; the others"
            " are guessed from half of them, or more"
        )
    features, group_of = _features(space)
    logs = np.log(table.latency_ms[known])
    groups = int(group_of.max()) + 1
    center = np.log(np.append(np.full(groups, _EFFECT), _OWN))
    priors = Priors(center, np.full(groups + 1, _WIDTH), np.zeros(len(group_of)))
    found = infer(features[known], group_of, logs - logs.mean(), priors)
    latency_ms, error = table.latency_ms.copy(), table.relative_error.copy()
    latency_ms[guessed] = np.exp(logs.mean() + features[guessed] @ found.mean)
    error[guessed] = _deviation(features[guessed], found)
    return Filled(OperatorTable(latency_ms, error), guessed)


def _features(space: Space) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """(placed, m) one-hot, and the group of each feature."""
    words = {**space.labels, "context": tuple(str(placed.context) for placed in space.placed)}
    blocks, group_of = [], []
    for number, labels in enumerate(words.values()):
        different, member = np.unique(np.array(labels), return_inverse=True)
        blocks.append(np.eye(len(different))[member.reshape(-1)])
        group_of += [number] * len(different)
    return np.hstack(blocks), np.array(group_of, np.intp)


def _deviation(features: NDArray[np.float64], found: Posterior) -> NDArray[np.float64]:
    variance = np.square(features) @ found.variance - np.square(features @ found.factor.T).sum(axis=1)
    deviation: NDArray[np.float64] = np.sqrt(np.maximum(variance, 0.0) + found.deviation[-1] ** 2)
    return deviation
