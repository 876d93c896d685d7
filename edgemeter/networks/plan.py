"""Chooses the weights of a network so that its values keep their scale and tell inputs apart.

Each convolution's gain follows from the moments of what goes into it. Its bias lifts what comes out,
where a rectifier is to follow, so far that most of it passes: a rectifier that cuts half away would
blow up rounding from layer to layer, until int8 files agreed on nothing; and it takes away the mean
that a depthwise filter lets pass.
"""

from dataclasses import dataclass, replace
from functools import reduce
from math import sqrt
from typing import Final

import numpy as np

from edgemeter.networks.costs import source_map
from edgemeter.networks.filters import Doubles, Filters, Floats
from edgemeter.networks.moments import Moments
from edgemeter.networks.network import (
    Activate,
    Activation,
    Add,
    AveragePool,
    Concatenate,
    Convolution,
    Dense,
    GlobalAverage,
    MaxPool,
    Network,
    Node,
    Scale,
    Shuffle,
    Slice,
)
from edgemeter.networks.pool import LONGEST_CUT, cuts, pool

INPUT_VARIANCE: Final = 0.25  #: that of an image in [-1, 1]

#: Mean and standard deviation of what goes into an activation.
TARGETS: Final = {
    None: (0.0, 1.0),
    Activation.RELU: (1.25, 1.0),
    Activation.RELU6: (1.5, 1.2),
    Activation.HSWISH: (1.25, 1.0),
    Activation.HARD_SIGMOID: (0.0, 1.0),
}
#: The same for what becomes the factors of a `Scale`. They vary little: a gate's rounding is common to
#: all positions, so that no later average takes it away.
GATE_TARGETS: Final = {
    None: (1.0, 0.2),
    Activation.RELU: (1.0, 0.2),
    Activation.RELU6: (1.0, 0.2),
    Activation.HSWISH: (1.3, 0.2),
    Activation.HARD_SIGMOID: (0.0, 0.4),
}
#: Of a depthwise filter's power, the share beside its middle tap. Where padding cuts taps off, the mean
#: of what goes in shows as an edge that is the same for all inputs: the share keeps it small.
NEIGHBOURS_SHARE: Final = 0.03
BIAS_SPREAD: Final = 0.05  #: of the biases around their target, in standard deviations of the result


@dataclass(frozen=True, slots=True)
class Trained:
    """What training would have given one convolution or dense layer."""

    filters: Filters
    bias: Floats


@dataclass(frozen=True, slots=True)
class Plan:
    """For each node: its weights, if it has any, and the moments of its result."""

    trained: dict[int, Trained]
    moments: tuple[Moments, ...]
    input: Moments


def plan(network: Network) -> Plan:
    """The weights and moments of `network`; both depend on nothing else."""
    source = Moments.equal(network.input.channels, 0.0, INPUT_VARIANCE)
    known: list[Moments] = []
    trained: dict[int, Trained] = {}
    wanted = _wanted(network)
    for position, node in enumerate(network.nodes):
        inputs = [source if each < 0 else known[each] for each in node.inputs]
        if isinstance(node.operation, Convolution | Dense):
            trained[position], moments = _train(network, position, inputs[0], wanted[position])
        else:
            moments = _transfer(network, node, inputs)
        known.append(moments)
    return Plan(trained, tuple(known), source)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What suits the operations ahead: the first activation there, whether they make a gate of it, and how
    much larger values should be because of a gate that makes them smaller.
    """

    activation: Activation | None = None
    gate: bool = False
    factor: float = 1.0


def _wanted(network: Network) -> list[_Wanted]:
    wanted = [_Wanted()] * len(network.nodes)
    for position in reversed(range(len(network.nodes))):
        node = network.nodes[position]
        for source, ahead in zip(node.inputs, _ahead(network, node, wanted[position]), strict=False):
            if source >= 0 and wanted[source] == _Wanted():
                wanted[source] = ahead
    return wanted


def _ahead(network: Network, node: Node, here: _Wanted) -> list[_Wanted]:
    """What each input of `node` should be, where `here` is what its result should be."""
    match node.operation:
        case Activate(activation):
            # Only a plain rectifier passes larger values as they are.
            factor = here.factor if activation is Activation.RELU else 1.0
            return [_Wanted(activation, here.gate, factor)]
        case Scale():
            halved = network.nodes[node.inputs[1]].operation == Activate(Activation.HARD_SIGMOID)
            return [replace(here, factor=here.factor * (2 if halved else 1)), _Wanted(gate=True)]
        case Add() | Concatenate() | Slice() | Shuffle() | MaxPool() | AveragePool():
            return [here] * len(node.inputs)
        case _:
            return []


def _train(network: Network, position: int, source: Moments, wanted: _Wanted) -> tuple[Trained, Moments]:
    targets = GATE_TARGETS if wanted.gate else TARGETS
    mean, deviation = (each * wanted.factor for each in targets[wanted.activation])
    filters = _filters(network, position, source, deviation)
    noise = _noise(position, filters.outputs) * (BIAS_SPREAD * deviation)
    passed = filters.sums() * _means_of_groups(network, position, source)
    bias = (mean - passed + noise).astype(np.float32)
    variance = np.full(filters.outputs, deviation**2)
    if filters.centre:
        variance *= source.variance / source.power
    return Trained(filters, bias), Moments(np.full(filters.outputs, mean), variance)


def _filters(network: Network, position: int, source: Moments, deviation: float) -> Filters:
    node = network.nodes[position]
    channels = source_map(network, node).channels
    taps, inputs = 1, channels
    if isinstance(node.operation, Convolution):
        taps, inputs = node.operation.kernel**2, channels // node.operation.groups
    power = source.power + (source.spread_of_means if inputs > 1 else 0.0)
    outputs = node.result.channels
    if inputs == 1 and taps > 1 and outputs == channels:
        scale = deviation / sqrt(power)
        spread = scale * sqrt(3 * NEIGHBOURS_SHARE / taps)
        return Filters(position, outputs, taps, 1, spread, scale * sqrt(1 - NEIGHBOURS_SHARE))
    # Values uniform in (-1, 1) have a variance of a third.
    return Filters(position, outputs, taps, inputs, deviation * sqrt(3 / (taps * inputs * power)))


def _means_of_groups(network: Network, position: int, source: Moments) -> Doubles:
    """The mean of what each filter sees."""
    operation = network.nodes[position].operation
    groups = operation.groups if isinstance(operation, Convolution) else 1
    outputs = network.nodes[position].result.channels
    means = source.mean.reshape(groups, -1)
    first = means[:, 0] if means.shape[1] == 1 else means.sum(axis=1) / means.shape[1]
    return np.repeat(first, outputs // groups)


def _noise(key: int, count: int) -> Floats:
    length = min(count, LONGEST_CUT)
    start = int(cuts(~key, 1, length)[0])
    return np.resize(pool().values[start : start + length], count)


def _transfer(network: Network, node: Node, inputs: list[Moments]) -> Moments:
    first = inputs[0]
    match node.operation:
        case Activate(activation):
            return first.activated(activation)
        case Add():
            return reduce(Moments.plus, inputs)
        case Scale():
            return first.times(inputs[1])
        case Concatenate():
            return Moments(
                np.concatenate([each.mean for each in inputs]),
                np.concatenate([each.variance for each in inputs]),
            )
        case Slice(start, channels):
            chosen = slice(start, start + channels)
            return Moments(first.mean[chosen], first.variance[chosen])
        case Shuffle(groups):
            return Moments(*(each.reshape(groups, -1).T.ravel() for each in (first.mean, first.variance)))
        case MaxPool(kernel):
            return first.largest_of(kernel**2)
        case AveragePool(kernel):
            return first.averaged(kernel**2)
        case GlobalAverage():
            here = source_map(network, node)
            return first.averaged(here.height * here.width)
        case _:
            raise AssertionError(f"{node.operation} has weights")
