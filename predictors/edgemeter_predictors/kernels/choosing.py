"""Which networks of a kernel campaign to measure next, so that those that matter become known best.

Greedy, as selection.py is for architectures (Cohn 1996): the network whose kernels take the most off the mean
relative variance of the networks that matter, in which each kernel weighs what it takes. Its kernels are then
taken as known, since how a Gaussian process's variance shrinks does not depend on times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.data import Rows
from edgemeter_predictors.kernels.data import Graphs
from edgemeter_predictors.kernels.features import described
from edgemeter_predictors.kernels.prices import Prices

Array = NDArray[np.float64]

#: Of the doubt about a kind that no regressor prices: what one kernel of it tells about the others.
_IN_COMMON: Final = 0.8
#: Of kernels' times, beside a regressor's own: no profile is exact.
_LEAST_NOISE: Final = 0.01


@dataclass(frozen=True, slots=True)
class _Kernels:
    """Kernels of one kind: the network that each is of, its sizes, and its share of that network's time."""

    network: Rows
    sizes: Array
    share: Array


@dataclass(slots=True)
class _Kind:
    """`joint` (k, k) is the covariance of the candidates' kernels, `matter` (m, k) that of each network that
    matters with each of them: logarithms of times, and relative latencies.
    """

    network: Rows
    joint: Array
    matter: Array
    noise: float

    def gain(self) -> Array:
        """What measuring each kernel takes off the variance of all that matters."""
        return np.asarray(np.square(self.matter).sum(axis=0) / (np.diag(self.joint) + self.noise))

    def know(self, network: int) -> None:
        for kernel in np.flatnonzero(self.network == network):
            known = self.joint[kernel] / (self.joint[kernel, kernel] + self.noise)
            self.matter -= np.outer(self.matter[:, kernel], known)
            self.joint -= np.outer(self.joint[:, kernel], known)


def choose(prices: Prices, pool: Graphs, matter: Graphs, count: int) -> list[int]:
    """At most `count` of `pool`, by their numbers in the order of choice, none twice."""
    kinds = list(_kinds(prices, pool, matter))
    chosen: list[int] = []
    for _ in range(min(count, len(pool))):
        gain = np.zeros(len(pool))
        for kind in kinds:
            np.add.at(gain, kind.network, kind.gain())
        gain[chosen] = -1.0
        best = int(np.argmax(gain))
        chosen.append(best)
        for kind in kinds:
            kind.know(best)
    return chosen


def _kinds(prices: Prices, pool: Graphs, matter: Graphs) -> Iterator[_Kind]:
    """Those that matter."""
    offered, wanted = _by_kind(prices, pool), _by_kind(prices, matter)
    for name in sorted(offered.keys() & wanted.keys()):  # sums of one order are the same to the last bit
        ours, theirs = offered[name], wanted[name]
        weights = np.zeros((len(matter), len(theirs.share)))
        np.add.at(weights, (theirs.network, np.arange(len(theirs.share))), theirs.share)
        joint, noise = _joint(prices, name, np.vstack([theirs.sizes, ours.sizes]))
        mine = len(theirs.share)
        yield _Kind(ours.network, joint[mine:, mine:], weights @ joint[:mine, mine:], noise)


def _joint(prices: Prices, kind: str, sizes: Array) -> tuple[Array, float]:
    """The covariance of kernels of one kind, and the variance of what a profile says of one of them."""
    regressor = prices.regressors.get(kind)
    if regressor is not None:
        return regressor.covariance(sizes), regressor.tuned.noise**2 + _LEAST_NOISE**2
    shared = _IN_COMMON + (1 - _IN_COMMON) * np.eye(len(sizes))
    return prices.guess_deviation**2 * shared, _LEAST_NOISE**2


def _by_kind(prices: Prices, graphs: Graphs) -> dict[str, _Kernels]:
    rows: dict[str, list[tuple[int, Array, float]]] = {}
    for number, graph in enumerate(graphs):
        priced, (_, sizes) = prices.of(graph), described(graph)
        shares = priced.time_us / priced.time_us.sum()
        for kind, size, share in zip(priced.kinds, sizes, shares.tolist(), strict=True):
            rows.setdefault(kind, []).append((number, size, share))
    return {kind: _kernels(found) for kind, found in sorted(rows.items())}


def _kernels(rows: Sequence[tuple[int, Array, float]]) -> _Kernels:
    network, sizes, share = zip(*rows, strict=True)
    return _Kernels(np.array(network, np.intp), np.vstack(sizes), np.array(share))
