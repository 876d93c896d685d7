"""What single kernels take: one regressor for each kind, and a guess where there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.kernels.kernel import Kernel, KernelGraph
from edgemeter_predictors.kernels.data import Unprofiled
from edgemeter_predictors.kernels.features import described, handed_over, regressor_of
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
    much of that is scatter (`noise`, relative), its kind, and the regressor's name; None: a guess.
    `handover_us` is what handing the network its tensors over takes.
    """

    time_us: Array
    deviation: Array
    noise: Array
    kinds: tuple[str, ...]
    regressors: tuple[str | None, ...]
    handover_us: float

    @property
    def time_ms(self) -> Array:
        """What is left up to a network's latency is the network's."""
        return np.asarray(_MS * self.time_us)

    @property
    def guessed(self) -> tuple[str, ...]:
        """The kinds of kernels that no regressor prices, each once."""
        pairs = zip(self.kinds, self.regressors, strict=True)
        return tuple(dict.fromkeys([kind for kind, regressor in pairs if regressor is None]))


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
        kinds = tuple([regressor_of(kernel) for kernel in graph.kernels])
        known = tuple([kind if kind in self.regressors else None for kind in kinds])
        load, size = described(graph)
        time_us = np.maximum(load @ self.guess, np.finfo(float).tiny)
        deviation = np.full(len(kinds), self.guess_deviation)
        noise = np.zeros(len(kinds))
        for kind, rows in _rows(known).items():
            regressor = self.regressors[kind]
            time_us[rows], deviation[rows] = regressor.predict(load[rows], size[rows])
            noise[rows] = regressor.tuned.noise
        handover_us = float(handed_over([graph])[0] @ self.handover_us)
        return Priced(time_us, deviation, noise, kinds, known, handover_us)


def fit_prices(
    graphs: Sequence[KernelGraph],
    measured: Unprofiled,
    tuned: Mapping[str, Hyperparameters] | None = None,
) -> Prices:
    """`tuned` gives lengths that were found before, as far as it has them."""
    kernels = [kernel for graph in graphs for kernel in graph.kernels]
    load, size = map(np.vstack, zip(*[described(graph) for graph in graphs], strict=True))
    time_us = np.concatenate(measured.times_us)
    names = np.array([regressor_of(kernel) for kernel in kernels])
    found = {}
    for name in np.unique(names).tolist():
        rows = np.flatnonzero(names == name)
        if len(rows) >= FEWEST_KERNELS:
            found[name] = fit_regressor(load[rows], size[rows], time_us[rows], (tuned or {}).get(name))
    guess, deviation = _guess(kernels, load, time_us, names)
    return Prices(found, guess, deviation, measured.handover_us)


def _rows(known: Sequence[str | None]) -> dict[str, list[int]]:
    """Of each regressor's kernels."""
    found: dict[str, list[int]] = {}
    for row, name in enumerate(known):
        if name is not None:
            found.setdefault(name, []).append(row)
    return found


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
