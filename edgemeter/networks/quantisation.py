"""The int8 step and zero point of every feature map, from the architecture alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edgemeter.networks.moments import BOUNDS
from edgemeter.networks.network import (
    Activate,
    Add,
    AveragePool,
    Concatenate,
    MaxPool,
    Network,
    Node,
    Scale,
    Shuffle,
    Slice,
)
from edgemeter.networks.plan import Plan

DEVIATIONS: Final = 5.0  #: standard deviations around the mean that a map's range covers
INPUT_RANGE: Final = (-1.0, 1.0)
LEVELS: Final = 255
NARROWEST: Final = 2.0**-10  #: range, of a map that is all but constant
_SIGNED: Final = 128  #: what int8 has less than uint8, for the same value

#: Integer kernels move or compare these as they are: what goes in and out shares one step.
_SHARING: Final = (Concatenate, Slice, Shuffle, MaxPool, AveragePool)

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Step:
    """real = scale x (stored - zero_point), stored as uint8 from 0 to 255."""

    scale: np.float32
    zero_point: int

    @classmethod
    def covering(cls, low: float, high: float) -> "Step":
        scale = np.float32(max(high - low, NARROWEST) / LEVELS)
        return cls(scale, int(np.rint(-low / float(scale))))

    @property
    def signed_zero_point(self) -> int:
        return self.zero_point - _SIGNED


def steps(network: Network, plan: Plan) -> dict[int, Step]:
    """For each node, and -1 for the input. Maps that only move share the step of where they come from."""
    together = _Groups(len(network.nodes))
    for position, node in enumerate(network.nodes):
        if isinstance(node.operation, _SHARING):
            for source in node.inputs:
                together.join(source, position)
    ranges = _ranges(network, plan)
    widest: dict[int, Interval] = {}
    for position, (low, high) in ranges.items():
        group = together.of(position)
        known = widest.get(group, (0.0, 0.0))
        widest[group] = min(low, known[0]), max(high, known[1])
    return {
        position: Step.covering(*widest[together.of(position)]) for position in range(-1, len(network.nodes))
    }


def _ranges(network: Network, plan: Plan) -> dict[int, Interval]:
    """The range of every map that something computes."""
    bounds: dict[int, Interval] = {-1: INPUT_RANGE}
    found: dict[int, Interval] = {-1: INPUT_RANGE}
    for position, node in enumerate(network.nodes):
        bounds[position] = _bounds(node, [bounds[source] for source in node.inputs])
        if not isinstance(node.operation, _SHARING):
            low, high = plan.moments[position].range(DEVIATIONS)
            least, most = bounds[position]
            found[position] = min(max(low, least), 0.0), max(min(high, most), 0.0)
    return found


def _bounds(node: Node, inputs: list[Interval]) -> Interval:
    """Between what a node's values are for certain."""
    match node.operation:
        case Activate(activation):
            return BOUNDS[activation]
        case Add():
            return sum(low for low, _ in inputs), sum(high for _, high in inputs)
        case Scale() if inputs[1][0] >= 0 and inputs[1][1] <= 1:
            return inputs[0]
        case Concatenate():
            return min(low for low, _ in inputs), max(high for _, high in inputs)
        case Slice() | Shuffle() | MaxPool() | AveragePool():
            return inputs[0]
        case _:
            return -np.inf, np.inf


class _Groups:
    """Positions from -1 on that share something, merged as they are joined."""

    def __init__(self, count: int) -> None:
        self._parents = {position: position for position in range(-1, count)}

    def of(self, position: int) -> int:
        while self._parents[position] != position:
            position = self._parents[position]
        return position

    def join(self, left: int, right: int) -> None:
        self._parents[self.of(right)] = self.of(left)
