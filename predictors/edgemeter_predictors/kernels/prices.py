"""What single kernels take: one regressor for each kind, and a guess where there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.kernels.kernel import Kernel, KernelGraph
from edgemeter_predictors.kernels.data import Unprofiled
from edgemeter_predictors.kernels.features import handed_over, loads, regressor_of, sizes
from edgemeter_predictors.kernels.regressor import Hyperparameters, Regressor, fit_regressor, fit_roofline

Array = NDArray[np.float64]

#: Kernels that a regressor is fitted from, at least: below, the kind counts as unknown.
FEWEST_KERNELS: Final = 3
#: The relative standard deviation of a guess is not taken to be less.
_LEAST_GUESS: Final = 1.0
_MS: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """Of the kernels of one network, in order: `time_us`, its standard deviation (`deviation`, relative), how
    much of that is scatter (`noise`, relative), and the regressor's name; None: a guess. `handover_us` is
    what handing the network its tensors over takes.
    """

    time_us: Array
    deviation: Array
    noise: Array
    regressors: tuple[str | None, ...]
    handover_us: float

    @property
    def time_ms(self) -> Array:
        """What is left up to a network's latency is the network's."""
        return np.asarray(_MS * self.time_us)


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """`guess` is the roofline of kernels of unknown kinds, `guess_deviation` how far it is off. `handover_us`
    (2,) is for an element that a network is given, and one that it gives.
    """

    regressors: Mapping[str, Regressor]
    guess: Array
    guess_deviation: float
    handover_us: Array

    def of(self, graph: KernelGraph) -> Priced:
        names = [regressor_of(kernel) for kernel in graph.kernels]
        known = tuple(name if name in self.regressors else None for name in names)
        load, size = loads(graph.kernels), sizes(graph)
        time_us = np.maximum(load @ self.guess, np.finfo(float).tiny)
        deviation = np.full(len(names), self.guess_deviation)
        noise = np.zeros(len(names))
        for name in dict.fromkeys(known):
            if name is not None:
                rows = np.flatnonzero([each == name for each in known])
                regressor = self.regressors[name]
                time_us[rows], deviation[rows] = regressor.predict(load[rows], size[rows])
                noise[rows] = regressor.tuned.noise
        handover_us = float(handed_over([graph])[0] @ self.handover_us)
        return Priced(time_us, deviation, noise, known, handover_us)


def fit_prices(
    graphs: Sequence[KernelGraph],
    measured: Unprofiled,
    tuned: Mapping[str, Hyperparameters] | None = None,
) -> Prices:
    """`tuned` gives lengths that were found before, as far as it has them."""
    kernels = [kernel for graph in graphs for kernel in graph.kernels]
    load, size = loads(kernels), np.vstack([sizes(graph) for graph in graphs])
    time_us = np.concatenate(measured.times_us)
    names = np.array([regressor_of(kernel) for kernel in kernels])
    found = {}
    for name in np.unique(names).tolist():
        rows = np.flatnonzero(names == name)
        if len(rows) >= FEWEST_KERNELS:
            found[name] = fit_regressor(load[rows], size[rows], time_us[rows], (tuned or {}).get(name))
    guess, deviation = _guess(kernels, load, time_us, names)
    return Prices(found, guess, deviation, measured.handover_us)


def _guess(
    kernels: Sequence[Kernel], load: Array, time_us: Array, names: NDArray[np.str_]
) -> tuple[Array, float]:
    """From the kinds without multiply-adds, each weighing the same; how far it is off is seen by leaving
    each kind out in turn.
    """
    light = np.flatnonzero([kernel.macs == 0 for kernel in kernels])
    if not len(light):
        light = np.arange(len(kernels))
    load, time_us, names = load[light], time_us[light], names[light]
    errors = []
    for name in np.unique(names).tolist():
        others, own = names != name, names == name
        if others.any():
            left = np.maximum(load[own] @ fit_roofline(load[others], time_us[others]), np.finfo(float).tiny)
            errors.append(np.mean(np.square(np.log(time_us[own] / left))))
    return fit_roofline(load, time_us), max(_LEAST_GUESS, float(np.sqrt(np.mean(errors))) if errors else 0.0)
