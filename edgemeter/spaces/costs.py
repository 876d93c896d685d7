"""What every operator of a space takes, and by it every architecture, without building any network."""

from dataclasses import astuple, dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edgemeter.networks.costs import NetworkCosts, network_costs
from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import Codes, Space
from edgemeter.spaces.subset import in_base
from edgemeter.spaces.sums import max_over_layers, sum_over_layers

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CostTable:
    """Costs of many operators or architectures, one number for each; the words are `NetworkCosts`'s."""

    macs: Counts
    other_ops: Counts
    parameters: Counts
    activation_bytes: Counts
    peak_activation_bytes: Counts
    kernels: Counts


_NAMES = tuple(each.name for each in fields(NetworkCosts))


@cache
def placed_costs(space: Space) -> CostTable:
    """The costs of each of `space.placed` in its stand-alone network."""
    rows = [astuple(network_costs(space.build_placed(position))) for position in range(len(space.placed))]
    table = dict(zip(_NAMES, np.array(rows, dtype=np.int64).T, strict=True))
    return CostTable(**table)


def architecture_costs(space: Space, codes: Codes) -> CostTable:
    """The costs of each architecture, (n, columns): exactly those of its network. All are sums over its
    layers, except the peak of memory.
    """
    space, codes = in_base(space, validate(space, codes))
    table, living = placed_costs(space), space.canonical(codes)
    summed = tuple(name for name in _NAMES if name != "peak_activation_bytes")
    values = np.stack([getattr(table, name) for name in summed], axis=1)
    sums = dict(zip(summed, sum_over_layers(space, values, living).T, strict=True))
    return CostTable(**sums, peak_activation_bytes=_peaks(space, living))


def architecture_cost(space: Space, codes: Codes, name: str) -> Counts:
    """One of the costs of each architecture, (n,); `name` is a field of `CostTable`. Where a space is not
    `chained`, the peak of memory builds each distinct network.
    """
    space, codes = in_base(space, validate(space, codes))
    living = space.canonical(codes)
    if name == "peak_activation_bytes":
        return _peaks(space, living)
    return np.asarray(sum_over_layers(space, getattr(placed_costs(space), name), living))


def _peaks(space: Space, codes: Codes) -> Counts:
    if space.chained:
        return max_over_layers(space, placed_costs(space).peak_activation_bytes, codes)
    # Branches live side by side: only the network itself knows. Each is built once.
    distinct, positions = np.unique(codes, axis=0, return_inverse=True)
    peaks = [network_costs(space.build(row)).peak_activation_bytes for row in distinct]
    return np.array(peaks, dtype=np.int64)[positions.reshape(-1)]
