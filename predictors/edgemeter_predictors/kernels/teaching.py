"""Gives a kernel predictor the rules of fusion that its campaign has shown, and says how far they hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from edgemeter.kernels.campaign import Campaign
from edgemeter.kernels.wiring import Wiring
from edgemeter_predictors.kernels.data import Graphs
from edgemeter_predictors.kernels.model import FittedKernels
from edgemeter_predictors.kernels.telling.evidence import Evidence, equal
from edgemeter_predictors.kernels.telling.learning import learn
from edgemeter_predictors.kernels.telling.teller import Teller
from edgemeter_predictors.predictor import Predictor

Array = NDArray[np.float64]

#: Networks whose kernels the rules explain, at least, and what share of those that were shown.
_FEWEST: Final = 20
_LEAST_SHARE: Final = 0.5
#: How far what they tell may move latencies, in the root mean square of logarithms: the engine knows better.
_MOST_MOVED: Final = 0.15
#: Networks to judge rules by; where a campaign has fewer, one in so many is held out instead.
_FEWEST_JUDGES: Final = 15
_HELD_OUT: Final = 5


def taught(
    predictor: Predictor[Graphs], campaign: Campaign
) -> tuple[Predictor[Graphs], dict[str, Any] | str]:
    """The predictor with a teller and how well that does; or as it was, and why it needs the engine."""
    learnt, judges = (_shown(campaign, judging=judging) for judging in (False, True))
    rules, explained = learn(learnt)
    if explained < max(_FEWEST, _LEAST_SHARE * len(learnt)):
        return predictor, (
            f"of {len(learnt)} networks with graphs in the campaign, "
            f"what became of their operators explains the kernels of {explained}"
        )
    fitted = cast("FittedKernels", predictor.fitted)
    teller = Teller(learnt[0].graph.format, rules, explained, 0.0)
    if len(judges) < _FEWEST_JUDGES:
        held, kept = (
            [each for n, each in enumerate(learnt) if (n % _HELD_OUT == 0) is out] for out in (True, False)
        )
        judged = _judged(fitted, replace(teller, rules=learn(kept)[0]), held)
    else:
        judged = _judged(fitted, teller, judges)
    if judged.deviation > _MOST_MOVED:
        moved = f"by {judged.deviation:.0%} in the root mean square"
        return predictor, f"on networks that they were not learnt from, they would move latencies {moved}"
    whole = replace(fitted, teller=replace(teller, deviation=judged.deviation))
    return replace(predictor, fitted=whole), {
        "networks": explained,
        "networks_not_explained": len(learnt) - explained,
        **judged.document(),
    }


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of rules with an engine, on networks that they were not learnt from: for each how many of its kernels
    are equal (kind, shapes, window, stride, groups, what is fused), and by what share told ones move the
    predicted latency.
    """

    equal: Array
    kernels: Array
    moved: Array

    @property
    def deviation(self) -> float:
        return float(np.sqrt(np.mean(np.square(np.log1p(self.moved)))))

    def document(self) -> dict[str, Any]:
        moved = 100 * np.abs(self.moved)
        return {
            "networks_judged_by": len(self.moved),
            "kernels_equal_percent": float(100 * self.equal.sum() / self.kernels.sum()),
            "networks_equal_percent": float(100 * np.mean(self.equal == self.kernels)),
            "median_difference_percent": float(np.median(moved)),
            "worst_difference_percent": float(moved.max()),
        }


def _judged(fitted: FittedKernels, teller: Teller, networks: Sequence[Evidence]) -> Agreement:
    told = [teller.tell(Wiring.of(each.graph)).graph for each in networks]
    real = [each.kernels for each in networks]
    moved = fitted.predict(told).mean_ms / fitted.predict(real).mean_ms - 1
    pairs = [(a.kernels, b.kernels) for a, b in zip(told, real, strict=True)]
    # A kernel too many is as wrong as one too few.
    sizes = np.array([max(len(a), len(b)) for a, b in pairs], np.float64)
    return Agreement(np.array([equal(*pair) for pair in pairs], np.float64), sizes, moved)


def _shown(campaign: Campaign, *, judging: bool) -> list[Evidence]:
    """Each network once, however often it was measured: its kernels are the same each time."""
    found = {
        row.network: Evidence(row.source, row.graph)
        for row in campaign.rows
        if row.judging is judging and row.source is not None and row.graph is not None and row.graph.kernels
    }
    return list(found.values())
