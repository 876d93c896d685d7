"""The default: every model that the data can carry, judged on the same folds; the best is fitted.

Two words decide. The likelihood of held-out latencies counts how far off a model is and how well it
knows that; the mean error in percent is what users look at. A model is chosen by likelihood among those
whose error is within a tenth of the least, so that a model which is sure of bad predictions never wins.
With few networks held out chance decides between errors and likelihoods that are near: then the first model
that fits stands unless another's error is clearly less. With too few to hold any out it is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.contract import CostModel, Fitted, NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.gaussian_process import GaussianProcess
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.judging.cross_validation import HeldOut
from edgemeter_predictors.linear import Linear
from edgemeter_predictors.lut import Lut
from edgemeter_predictors.training import fit_and_hold_out

SpaceModel = CostModel[SpaceData, Codes]

#: The better a model is with few networks, the earlier it stands.
CANDIDATES: tuple[SpaceModel, ...] = (
    Hierarchical(),
    Lut("affine"),
    Lut("bias"),
    GaussianProcess(),
    BayesianRidge(),
    BayesianRidge(pruned=True),
    BayesianRidge("pairs"),
    BayesianRidge("pairs", pruned=True),
    Linear(),
    Linear(pruned=True),
)
_NEARLY_BEST = 1.1
#: Up to so many held-out networks the first model is preferred, unless another's mean error is less by so
#: many standard errors of the difference. Ten are compared: by chance one is often two of them better.
_FEW, _CLEARLY = 100, 3.0


@dataclass(frozen=True, slots=True)
class Judged:
    """One candidate, fitted to all data; `refusal` says why it could not be judged."""

    model: SpaceModel
    fitted: Fitted[Codes] | None = None
    held_out: HeldOut | None = None
    refusal: str = ""

    @property
    def errors(self) -> NDArray[np.float64]:
        """Of each network that was held out, as a share of its latency; none where it was not judged."""
        if self.held_out is None:
            return np.empty(0)
        return np.abs(self.held_out.mean_ms / self.held_out.latency_ms - 1)

    @property
    def mape_percent(self) -> float:
        """NaN where it was not judged, as the other."""
        return float("nan") if self.held_out is None else float(100 * self.errors.mean())

    @property
    def log_likelihood(self) -> float:
        return float("nan") if self.held_out is None else self.held_out.log_likelihood


@dataclass(frozen=True, slots=True)
class Auto(CostModel[SpaceData, Codes]):
    """`candidates` are judged by `count` folds, drawn by `seed`."""

    name: ClassVar[str] = "auto"

    candidates: Sequence[SpaceModel] = CANDIDATES
    count: int = 5
    seed: int = 0

    def fit(self, data: SpaceData) -> Fitted[Codes]:
        """The chosen model's own, under its own name; the explanation says why it was chosen."""
        return self.fit_and_hold_out(data, self.count, self.seed)[0]

    def fit_and_hold_out(
        self, data: SpaceData, count: int, seed: int
    ) -> tuple[Fitted[Codes], HeldOut | None]:
        """What judged the chosen one says how good it is as well: choosing among so few favours it little."""
        judged = [self._judged(model, data, count, seed) for model in self.candidates]
        chosen = choose(judged)
        fitted = _first_that_fits(judged) if chosen is None or chosen.fitted is None else chosen.fitted
        record: Any = fitted  # candidates give dataclasses
        explained: Fitted[Codes] = replace(record, explanation=f"{_why(chosen, judged)} {fitted.explanation}")
        return explained, None if chosen is None else chosen.held_out

    def judge(self, data: SpaceData) -> list[Judged]:
        """Every candidate, in their order."""
        return [self._judged(model, data, self.count, self.seed) for model in self.candidates]

    def _judged(self, model: SpaceModel, data: SpaceData, count: int, seed: int) -> Judged:
        unfit = _unfit(model, data)
        if unfit:
            return Judged(model, refusal=unfit)
        try:
            fitted, held_out = fit_and_hold_out(model, data, count, seed)
        except NotApplicable as refusal:
            return Judged(model, refusal=str(refusal))
        return Judged(model, fitted, held_out, "" if held_out else "too few networks to hold any out")


def choose(judged: Sequence[Judged]) -> Judged | None:
    """None where nothing could be held out."""
    known = [each for each in judged if not each.refusal]
    if not known:
        return None
    first, *later = known
    if len(first.errors) <= _FEW:
        known = [first, *(each for each in later if _clearly_better(each, first))]
    least = min(each.mape_percent for each in known)
    near = [each for each in known if each.mape_percent <= _NEARLY_BEST * least]
    return max(near, key=lambda each: each.log_likelihood)


def _clearly_better(one: Judged, other: Judged) -> bool:
    less = other.errors - one.errors
    return bool(less.mean() > _CLEARLY * less.std(ddof=1) / np.sqrt(len(less)))


def _unfit(model: SpaceModel, data: SpaceData) -> str:
    """Why a model is not even tried: what it would cost, or that it is another candidate over again."""
    if getattr(model, "pruned", False) and np.array_equal(data.space.canonical(data.codes), data.codes):
        return "none of these codes has a dead decision"
    if data.table is None:
        return ""
    if isinstance(model, GaussianProcess):
        return "there is a table of operators"
    decisions = sum(len(column.choices) for column in data.space.columns)
    if isinstance(model, BayesianRidge | Linear) and len(data) < decisions:
        return f"there is a table of operators, and {len(data)} networks for {decisions} one-hot features"
    return ""


def _first_that_fits(judged: Sequence[Judged]) -> Fitted[Codes]:
    for each in judged:
        if each.fitted is not None:
            return each.fitted
    reasons = "; ".join(dict.fromkeys(f"{each.model.name}: {each.refusal}" for each in judged))
    raise NotApplicable(f"no model can be fitted from so little. {reasons}")


def _why(chosen: Judged | None, judged: Sequence[Judged]) -> str:
    if chosen is None:
        return "The first model that fits, since too few networks can be held out."
    others = [each for each in judged if not each.refusal and each is not chosen]
    beaten = ", ".join(f"{_words(each.model)} {each.mape_percent:.2f} %" for each in others)
    against = f" against {beaten}" if beaten else ""
    few = any(each.mape_percent < chosen.mape_percent for each in others) and len(chosen.errors) <= _FEW
    unclear = "; on so few none is clearly better" if few else ""
    return (
        f"Chosen on held-out networks: {_words(chosen.model)}, mean error {chosen.mape_percent:.2f} %,"
        f" log likelihood {chosen.log_likelihood:.2f}{against}{unclear}."
    )


def _words(model: SpaceModel) -> str:
    settings = [str(getattr(model, name)) for name in ("form", "features") if hasattr(model, name)]
    pruned = ["pruned"] if getattr(model, "pruned", False) else []
    return " ".join([model.name, *settings, *pruned])
