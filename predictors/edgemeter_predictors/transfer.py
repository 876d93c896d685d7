"""A new target from a handful of measurements, with predictors of other targets as prior.

With f_s the prediction of source s, in shares of its mean over the measured networks, and y in shares of
theirs, every source is a hypothesis of what the target is like:

    y = f_s + w_0 + w_1 f_s + sum over sources j of v_j (f_j - mean of all f) + table of columns + noise

The w, the v and the table have Gaussian priors whose variances are found by evidence, the noise is relative.
The answer is the mean over hypotheses, each weighed by how likely it makes the measurements: the nearest
sources are found, and what they share with the target is learnt before what they do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.contract import CostModel, Fitted, NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.evidence import Priors, infer
from edgemeter_predictors.transferred import Hypothesis, Source, Transferred, features, group_of

Array = NDArray[np.float64]

FEWEST = 3
#: Standard deviations, as shares of the mean latency, of: level and stretch of the nearest source, the other
#: sources, one column's choices, noise; and how far the data may move their logarithms (one sigma).
_DEVIATIONS = (0.17, 0.32, 0.03, 0.045)
_WIDTHS = (0.5, 0.5, 0.75, 0.75)
#: Hypotheses that are this much less likely than the best one are forgotten.
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True, slots=True)
class Transfer(CostModel[SpaceData, Codes]):
    """`sources`: predictors of other targets, of the same space."""

    name: ClassVar[str] = "transfer"

    sources: Sequence[Source] = field(default=())

    def fit(self, data: SpaceData) -> Transferred:
        if not self.sources:
            raise NotApplicable(f"{self.name} needs predictors of other targets of this space, to start from")
        if len(data) < FEWEST:
            raise NotApplicable(f"{self.name} needs {FEWEST} measured networks, there are {len(data)}")
        data = data.select(np.lexsort((data.latency_ms, *data.codes.T)))  # rounding in one order
        levels = np.array([_level(source.fitted, data) for source in self.sources])
        shares = np.column_stack([s.fitted.predict(data.codes).mean_ms for s in self.sources]) / levels
        mean_ms = float(data.latency_ms.mean())
        relative = data.latency_ms / mean_ms
        hypotheses = [_hypothesis(data, shares, relative, number) for number in range(len(self.sources))]
        kept = _weighed(hypotheses)
        said = _explanation(self.sources, kept, len(data))
        return Transferred(self.name, said, data.space, tuple(self.sources), levels, mean_ms, kept)


def _level(fitted: Fitted[Codes], data: SpaceData) -> float:
    return float(fitted.predict(data.codes).mean_ms.mean())


def _hypothesis(data: SpaceData, shares: Array, relative: Array, nearest: int) -> tuple[Hypothesis, float]:
    """And its log evidence. Rows are divided by the latency, so that noise is relative."""
    rows = features(data.space, data.codes, shares, nearest) / relative[:, None]
    targets = 1 - shares[:, nearest] / relative
    groups = group_of(data.space, shares.shape[1])
    priors = Priors(np.log(_DEVIATIONS), np.array(_WIDTHS), np.zeros(rows.shape[1]))
    found = infer(rows, groups, targets, priors)
    return (
        Hypothesis(nearest, 1.0, found.mean, found.variance, found.factor, float(found.deviation[-1])),
        found.evidence,
    )


def _weighed(found: Sequence[tuple[Hypothesis, float]]) -> tuple[Hypothesis, ...]:
    """The likely ones, most likely first, with weights that sum to 1."""
    best = max(evidence for _, evidence in found)
    likely = [(each, np.exp(evidence - best)) for each, evidence in found]
    kept = sorted((pair for pair in likely if pair[1] > _NEGLIGIBLE), key=lambda pair: -pair[1])
    total = sum(weight for _, weight in kept)
    return tuple(each.weighing(float(weight / total)) for each, weight in kept)


def _explanation(sources: Sequence[Source], kept: Sequence[Hypothesis], networks: int) -> str:
    nearest = ", ".join(f"{sources[each.nearest].name} {each.weight:.0%}" for each in kept[:3])
    return f"from {networks} networks and {len(sources)} other targets; nearest: {nearest}"
