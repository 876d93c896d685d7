"""The `kernel` model: a network is the sum of its fused kernels, and what a network costs beside them.

    y = S (1 + w_0 + w_l log S) + w_n n + w_b + corrections of each kind of kernel,
    S = sum of t_kind(k) over kernels k + what handing inputs and results over takes

t is regressor.py's: a roofline and a Gaussian process for each kind; the overhead is overhead.py's, fitted to
whole networks. (The sum of kernels is nn-Meter's idea; it adds nothing for a kernel that it does not know.)
Here such a kernel is guessed from what all others take for the data they move, widens the interval, and is
named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.contract import CostModel, Fitted, NotApplicable, Parts, Prediction, State
from edgemeter_predictors.judging.cross_validation import HeldOut
from edgemeter_predictors.judging.folds import folds
from edgemeter_predictors.kernels.data import FEWEST_NETWORKS, Graphs, KernelData
from edgemeter_predictors.kernels.prices import Priced, Prices, fit_prices
from edgemeter_predictors.kernels.regressor import Hyperparameters, Regressor
from edgemeter_predictors.kernels.telling.teller import Teller, Told
from edgemeter_predictors.overhead import OperatorData, OperatorSums, Overhead, Summed

Array = NDArray[np.float64]

_MS: Final = 1e-3
_FOLDS: Final = 5
_OVERHEAD: Final = "overhead."


@dataclass(frozen=True, eq=False)
class FittedKernels(Fitted[Graphs]):
    """`names` are the regressors in the order of the overhead's kinds; guessed kernels come after them.
    `teller` tells the kernels of a file; None: they are the engine's to tell.
    """

    KIND: ClassVar[str] = "kernels"

    model: str
    explanation: str
    prices: Prices
    names: tuple[str, ...]
    overhead: Summed
    teller: Teller | None = None

    def predict(self, inputs: Graphs) -> Prediction:
        return self.summed([self.prices.of(graph) for graph in inputs])

    def summed(self, priced: Sequence[Priced]) -> Prediction:
        """Of networks whose kernels are priced."""
        sums = operator_sums(priced, self.names)
        found = self.overhead.predict(sums)
        own = np.array([self._own_deviation_ms(each) for each in priced])
        scale = found.mean_ms / np.maximum(sums.total_ms, np.finfo(float).tiny)
        return Prediction(found.mean_ms, np.sqrt(np.square(found.std_ms) + np.square(own * scale)))

    def parts(self, inputs: Graphs) -> Parts:
        """Kinds of kernels stand for layers, those of no regressor last; handing over is of the rest."""
        parts = self.overhead.parts(operator_sums([self.prices.of(graph) for graph in inputs], self.names))
        return Parts(parts.layers_ms[:, :-1], parts.rest_ms + parts.layers_ms[:, -1])

    def told(self, told: Told) -> tuple[Prediction, Priced]:
        """Of kernels that the rules have told: where those have doubts, so has the price, and they err."""
        priced = self.prices.of(told.graph)
        doubted = np.array([doubt is not None for doubt in told.doubts], bool)
        deviation = np.where(
            doubted, np.maximum(priced.deviation, self.prices.guess_deviation), priced.deviation
        )
        priced = replace(priced, deviation=deviation)
        found = self.summed([priced])
        error = self.teller.deviation if self.teller else 0.0
        return replace(found, std_ms=np.hypot(found.std_ms, error * found.mean_ms)), priced

    def state(self) -> State:
        found = [self.prices.regressors[name] for name in self.names]
        overhead = self.overhead.state()
        arrays = {
            "starts": np.cumsum([0, *(len(each.time_us) for each in found)]).astype(np.int64),
            "sizes": np.vstack([each.sizes for each in found]),
            "departure": np.concatenate([each.departure for each in found]),
            "time_us": np.concatenate([each.time_us for each in found]),
            "roofline": np.array([each.roofline for each in found]),
            "lengths": np.array([each.tuned.lengths for each in found]),
            "tuned": np.array([(each.tuned.deviation, each.tuned.noise) for each in found]),
            "guess": self.prices.guess,
            "handover_us": self.prices.handover_us,
            **{_OVERHEAD + name: array for name, array in overhead.arrays.items()},
        }
        parameters = {
            "model": self.model,
            "explanation": self.explanation,
            "names": list(self.names),
            "guess_deviation": self.prices.guess_deviation,
            "overhead": dict(overhead.parameters),
            "telling": None if self.teller is None else self.teller.document(),
        }
        return State(self.KIND, parameters, arrays)

    @staticmethod
    def restore(state: State) -> "FittedKernels":
        """The model that `state` was taken from. Raises ValueError or KeyError for what is none."""
        arrays, parameters = state.arrays, state.parameters
        if state.kind != FittedKernels.KIND:
            raise ValueError(f"a model of kind {state.kind!r} prices no kernels")
        names = tuple(map(str, parameters["names"]))
        bounds = list(zip(arrays["starts"], arrays["starts"][1:], strict=False))
        regressors = {
            name: Regressor(
                arrays["roofline"][n],
                arrays["sizes"][first:last],
                arrays["departure"][first:last],
                arrays["time_us"][first:last],
                Hyperparameters(
                    arrays["lengths"][n], float(arrays["tuned"][n, 0]), float(arrays["tuned"][n, 1])
                ),
            )
            for n, (name, (first, last)) in enumerate(zip(names, bounds, strict=True))
        }
        deviation = float(parameters["guess_deviation"])
        prices = Prices(regressors, arrays["guess"], deviation, arrays["handover_us"])
        own = {
            key.removeprefix(_OVERHEAD): array for key, array in arrays.items() if key.startswith(_OVERHEAD)
        }
        overhead = Summed.restore(State(Summed.KIND, parameters["overhead"], own))
        teller = Teller.of(parameters.get("telling"))
        return FittedKernels(parameters["model"], parameters["explanation"], prices, names, overhead, teller)

    def _own_deviation_ms(self, priced: Priced) -> float:
        """A regressor errs in common on all its kernels of a network, and kernels scatter each for itself."""
        scatter = np.square(priced.time_us * priced.noise).sum()
        doubt = priced.time_us * np.sqrt(np.maximum(np.square(priced.deviation) - np.square(priced.noise), 0))
        common: dict[str | None, float] = {}
        for name, each in zip(priced.regressors, doubt.tolist(), strict=True):
            common[name] = common.get(name, 0.0) + each
        return float(_MS * np.sqrt(scatter + np.square(list(common.values())).sum()))


@dataclass(frozen=True, slots=True)
class KernelModel(CostModel[KernelData, Graphs]):
    name: ClassVar[str] = "kernel"

    def fit(self, data: KernelData) -> FittedKernels:
        first, even = self._fit_evened(data)
        return self._fit(even, {name: each.tuned for name, each in first.prices.regressors.items()})

    def fit_and_hold_out(
        self, data: KernelData, count: int, seed: int
    ) -> tuple[FittedKernels, HeldOut | None]:
        """Each regressor's lengths, some numbers for hundreds of kernels, are found once for all folds.
        Errors are those of networks, as measured: differences between batches are left in.
        """
        first, even = self._fit_evened(data)
        tuned = {name: regressor.tuned for name, regressor in first.prices.regressors.items()}
        mean, std = np.full((2, len(data)), np.nan)
        for kept, held in folds(data.same, min(count, _FOLDS), seed):
            if len(kept) < FEWEST_NETWORKS:
                return self._fit(even, tuned), None
            prediction = self._fit(even.select(kept), tuned).predict(data.select(held).inputs)
            mean[held], std[held] = prediction.mean_ms, prediction.std_ms
        asked = data.networks
        return self._fit(even, tuned), HeldOut(data.latency_ms[asked], mean[asked], std[asked])

    def _fit_evened(self, data: KernelData) -> tuple[FittedKernels, KernelData]:
        """A first fit, and the data with the differences between batches that it shows taken out."""
        first = self._fit(data, {})
        return first, data.corrected(first.predict(data.graphs).mean_ms)

    def _fit(self, data: KernelData, tuned: Mapping[str, Hyperparameters]) -> FittedKernels:
        if len(data) < FEWEST_NETWORKS:
            raise NotApplicable(
                f"{self.name} needs {FEWEST_NETWORKS} measured networks with their kernels, "
                f"there are {len(data)}"
            )
        prices = fit_prices(data.graphs, data.unprofiled(), tuned)
        names = tuple(sorted(prices.regressors))
        whole = data.select(data.networks)
        sums = operator_sums([prices.of(graph) for graph in whole.graphs], names)
        overhead = Overhead().fit(OperatorData(sums, whole.latency_ms, data.retest_error))
        kernels = sum(len(graph.kernels) for graph in data.graphs)
        said = f"{kernels} kernels of {len(names)} kinds in {len(data)} networks; {overhead.explanation}"
        return FittedKernels(self.name, said, prices, names, overhead)


def operator_sums(priced: Sequence[Priced], names: tuple[str, ...]) -> OperatorSums:
    """Of n networks, what each kind takes; two kinds more: those that are guessed, and handing over."""
    position: dict[str | None, int] = {name: number for number, name in enumerate(names)}
    latency_ms, counts = np.zeros((2, len(priced), len(names) + 2))
    for row, each in enumerate(priced):
        columns = [position.get(name, len(names)) for name in each.regressors]
        np.add.at(latency_ms[row], columns, _MS * each.time_us)
        np.add.at(counts[row], columns, 1)
        latency_ms[row, -1] = _MS * each.handover_us
    return OperatorSums(latency_ms, counts, (np.arange(len(names) + 2),))
