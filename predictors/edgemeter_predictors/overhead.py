"""A network from its operators' own latencies: their sum, and what it learns that the sum leaves out.

    y / S = 1 + w_0 + w_n n / S + w_b / S + w_l log S
              + sum over groups g, j in g of (w_j S_j + v_j n_j) / S + noise

with S the sum of the operators' latencies and n how many they are; S_j and n_j are those of one group: a
type, a type with its kernel, a resolution. S_j corrects operators that run faster or slower in a network
than alone, n_j is what each costs beside its own time: starting it, or waiting for it. log S is for what is
neither the same for all networks nor in proportion to them, such as a clock that climbs while a network
runs; it is taken in only where there is strong evidence for it. Each grouping's variances are found by
evidence, noise is relative. HSCoNAS's B is w_b alone.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.contract import CostModel, Fitted, NotApplicable, Parts, Prediction, State
from edgemeter_predictors.data import DataError, Measured, Rows, check_latencies
from edgemeter_predictors.evidence import Posterior, Priors, infer

Array = NDArray[np.float64]

FEWEST = 8
#: Standard deviations before any network was seen, as shares of a latency: of w_0 and w_n, of w_b and w_l, of
#: each group's, and of noise; and how far data may move the logarithms of the latter two (one sigma).
_COMMON, _BIAS, _GROUP, _NOISE, _WIDTH = 0.3, 0.1, 0.1, 0.04, 1.0
#: How much likelier, as a logarithm, the data are with log S before it is taken in: 20 times, as is usual.
_STRONG = 3.0
#: Where log S stands among the features.
_GROWTH = 3
_ARRAYS = ("mean", "variance", "factor")


@dataclass(frozen=True, slots=True, eq=False)
class OperatorSums:
    """Of n networks, the operators of k kinds: `latency_ms` (n, k) adds up each kind's, `counts` (n, k) is
    how many there are. `groups`: for each grouping, (k,) the number of the group that a kind is of.
    """

    latency_ms: Array
    counts: Array
    groups: tuple[NDArray[np.intp], ...]

    def __post_init__(self) -> None:
        if self.latency_ms.shape != self.counts.shape:
            raise DataError("each kind's latencies and counts are of the same networks")
        if not (np.isfinite(self.latency_ms).all() and (self.latency_ms.sum(axis=1) > 0).all()):
            raise DataError("a network's operators have finite latencies with a positive sum")

    def select(self, rows: Rows) -> "OperatorSums":
        return OperatorSums(self.latency_ms[rows], self.counts[rows], self.groups)

    @property
    def total_ms(self) -> Array:
        return np.asarray(self.latency_ms.sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class OperatorData(Measured[OperatorSums]):
    """Whole networks that were measured, and their operators."""

    operators: OperatorSums
    latency_ms: Array
    retest_error: float = float("nan")

    def __post_init__(self) -> None:
        check_latencies(self.latency_ms, len(self.operators.latency_ms))

    @property
    def inputs(self) -> OperatorSums:
        return self.operators

    @property
    def same(self) -> NDArray[np.intp]:
        both = np.column_stack([self.operators.latency_ms, self.operators.counts])
        return np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)

    def select(self, rows: Rows) -> "OperatorData":
        return OperatorData(self.operators.select(rows), self.latency_ms[rows], self.retest_error)


@dataclass(frozen=True, eq=False)
class Summed(Fitted[OperatorSums]):
    """`typical_ms` (2,): what counts and the constant are scaled by. The rest is as in evidence.py."""

    KIND: ClassVar[str] = "overhead"

    model: str
    explanation: str
    typical_ms: Array
    mean: Array
    variance: Array
    factor: Array
    noise: float

    def predict(self, inputs: OperatorSums) -> Prediction:
        rows, total = features(inputs, self.typical_ms), inputs.total_ms
        mean = 1 + rows @ self.mean
        variance = np.square(rows) @ self.variance - np.square(rows @ self.factor.T).sum(axis=1)
        variance = np.maximum(variance, 0.0) + np.square(self.noise * mean)
        return Prediction(total * mean, total * np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny)))

    def parts(self, inputs: OperatorSums) -> Parts:
        """The kinds stand for layers: what was measured of each, and in the rest what was learnt."""
        return Parts(inputs.latency_ms.copy(), self.predict(inputs).mean_ms - inputs.total_ms)

    def state(self) -> State:
        parameters = {"model": self.model, "explanation": self.explanation, "noise": self.noise}
        arrays = {"typical_ms": self.typical_ms, **{name: getattr(self, name) for name in _ARRAYS}}
        return State(self.KIND, parameters, arrays)

    @staticmethod
    def restore(state: State) -> "Summed":
        """The model that `state` was taken from."""
        values: dict[str, Any] = {**state.parameters, **state.arrays}
        return Summed(**values)


@dataclass(frozen=True, slots=True)
class Overhead(CostModel[OperatorData, OperatorSums]):
    name: ClassVar[str] = "overhead"

    def fit(self, data: OperatorData) -> Summed:
        if len(data) < FEWEST:
            raise NotApplicable(f"{self.name} needs {FEWEST} measured networks, there are {len(data)}")
        operators, relative = data.operators, data.latency_ms / data.operators.total_ms
        number = max(float(operators.counts.sum(axis=1).mean()), 1.0)
        typical_ms = np.array([1 / number, 1.0]) * np.median(operators.total_ms)
        rows = features(operators, typical_ms) / relative[:, None]
        plain, growing = (_inferred(operators, rows, 1 - 1 / relative, growth) for growth in (0.0, _BIAS))
        found = growing if growing.evidence - plain.evidence > _STRONG else plain
        grown = f", {found.mean[_GROWTH]:+.3f} for its logarithm" if found is growing else ""
        said = (
            f"the sum of operators x {1 + found.mean[0]:.3f}{grown} and their overhead, "
            f"from {len(data)} networks"
        )
        noise = float(found.deviation[-1])
        return Summed(self.name, said, typical_ms, found.mean, found.variance, found.factor, noise)


def features(operators: OperatorSums, typical_ms: Array) -> Array:
    """(n, 4 + 2 groups): 1, how many, the constant, and each group's share and number, all per sum; and the
    logarithm of the sum.
    """
    total = operators.total_ms[:, None]
    shares = operators.latency_ms / total
    counts = operators.counts / total * typical_ms[0]
    sizes = total / typical_ms[1]
    columns = [np.ones_like(total), counts.sum(axis=1, keepdims=True), 1 / sizes, np.log(sizes)]
    for member in operators.groups:
        within = np.eye(int(member.max(initial=-1)) + 1)[member]
        columns += [shares @ within, counts @ within]
    return np.hstack(columns)


def _inferred(operators: OperatorSums, rows: Array, targets: Array, growth: float) -> Posterior:
    """`growth` is the standard deviation of w_l."""
    group_of, known = _groups(operators, growth)
    center = np.log([_GROUP] * (2 * len(operators.groups)) + [_NOISE])
    return infer(rows, group_of, targets, Priors(center, np.full(len(center), _WIDTH), known))


def _groups(operators: OperatorSums, growth: float) -> tuple[NDArray[np.intp], Array]:
    """Of each of `features`: which variance it has, and the known part of it."""
    group_of, known = [-1] * 4, [_COMMON**2, _COMMON**2, _BIAS**2, growth**2]
    for number, member in enumerate(operators.groups):
        size = int(member.max(initial=-1)) + 1
        group_of += [2 * number] * size + [2 * number + 1] * size
        known += [0.0] * (2 * size)
    return np.array(group_of), np.array(known)
