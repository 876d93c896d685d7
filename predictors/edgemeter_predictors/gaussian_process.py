"""A Gaussian process over architectures, for small spaces such as NAS-Bench-201.

    y(x) = mean + f(x) + noise,     f ~ GP(0, k),     k in gaussian/kernel.py

Lengths, variances and noise by evidence. How codes are read (as written, or as a compiler would prune them)
is chosen per target by the likelihood of networks that were held out.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.contract import CostModel, NotApplicable
from edgemeter_predictors.data import Rows, SpaceData
from edgemeter_predictors.gaussian.process import Process, process, tuned
from edgemeter_predictors.views import AS_WRITTEN, views

FEWEST = 8
#: Work grows with the cube of the rows, memory with the square: what more of them teach here is little.
_MOST_TUNED, _MOST_COMPARED = 1_000, 800
_MOST_COLUMNS = 40
#: From here on two halves say which reading of the codes is right; below, the likelihood of all rows does.
_ENOUGH_TO_SPLIT = 40
_FREEDOM = 4.0  #: degrees of freedom


@dataclass(frozen=True, slots=True)
class GaussianProcess(CostModel[SpaceData, Codes]):
    """`iterations` bounds the search for hyperparameters; of more than `most_rows` so many are drawn, as
    the halves are, by `seed`.
    """

    name: ClassVar[str] = "gaussian_process"

    iterations: int = 40
    most_rows: int = 2_000
    seed: int = 0

    def fit(self, data: SpaceData) -> Process:
        space = data.space
        if len(data) < FEWEST:
            raise NotApplicable(f"{self.name} needs {FEWEST} measured networks, there are {len(data)}")
        if len(space.columns) > _MOST_COLUMNS:
            raise NotApplicable(
                f"{self.name} is for spaces of at most {_MOST_COLUMNS} columns, {space.name} has more"
            )
        data = data.select(np.lexsort((data.latency_ms, *data.codes.T)))  # rounding in one order
        used = data.select(self._drawn(len(data), self.most_rows))
        name, said = self._reading(used)
        if len(used) < len(data):
            said += f"; {len(data) - len(used):,} networks left out, drawn by seed {self.seed}"
        found = tuned(used.select(self._drawn(len(used), _MOST_TUNED)), name, self.iterations)
        return process(used, name, found, self.name, f"{said}; from {len(used)} networks")

    def _drawn(self, rows: int, most: int) -> Rows:
        drawn: Rows = np.sort(np.random.default_rng(self.seed).permutation(rows)[:most])
        return drawn

    def _reading(self, data: SpaceData) -> tuple[str, str]:
        """How codes are read, and why, in words."""
        names = list(views(data.space, data.codes))
        if len(names) == 1:
            return AS_WRITTEN, f"codes {AS_WRITTEN}"
        known, held_out = self._halves(data.select(self._drawn(len(data), _MOST_COMPARED)))
        scores = {name: self._score(known, held_out, name) for name in names}
        best = max(scores, key=scores.__getitem__)
        others = ", ".join(
            f"{name} {score - scores[best]:.2f}" for name, score in scores.items() if name != best
        )
        return best, f"codes {best}, by the log likelihood of a held-out network ({others})"

    def _halves(self, data: SpaceData) -> tuple[SpaceData, SpaceData]:
        """No network stands in both, unless there are too few."""
        same = data.same
        networks = int(same.max()) + 1
        if networks < _ENOUGH_TO_SPLIT:
            return data, data
        first: NDArray[np.bool_] = np.random.default_rng(self.seed).permutation(networks) < networks // 2
        return data.select(np.flatnonzero(first[same])), data.select(np.flatnonzero(~first[same]))

    def _score(self, known: SpaceData, held_out: SpaceData, name: str) -> float:
        """Mean log likelihood of latencies under what the others say, up to a constant.

        Of Student's t: a few networks that a runtime treats in a way of its own are wrong in every reading,
        and must not choose among them.
        """
        found = tuned(known, name, self.iterations)
        prediction = process(known, name, found, self.name, name).predict(held_out.codes)
        errors = (held_out.latency_ms - prediction.mean_ms) / prediction.std_ms
        tails = (_FREEDOM + 1) / 2 * np.log1p(np.square(errors) / _FREEDOM)
        return float(-np.mean(tails + np.log(prediction.std_ms)))
