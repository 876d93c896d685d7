"""What a network takes, from its description alone: what `edgemeter.graphs` counts for its fp32 ONNX file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edgemeter.networks.network import (
    Activate,
    Activation,
    Add,
    AveragePool,
    Concatenate,
    Convolution,
    Dense,
    GlobalAverage,
    Map,
    MaxPool,
    Network,
    Node,
    Scale,
    Shuffle,
    Slice,
)

FLOAT_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class NetworkCosts:
    """For one invocation, the whole batch; docs/graphs.md defines every count.

    Multiply-adds and parameters are those of every file of the network. `other_ops`, `kernels` and the
    bytes are those of the fp32 ONNX file: TFLite fuses activations, so it writes fewer tensors.
    """

    macs: int
    other_ops: int
    parameters: int
    activation_bytes: int  #: written by all operators
    peak_activation_bytes: int  #: the most that are alive at once
    kernels: int  #: operators that compute; those that move data are not among them


def network_costs(network: Network) -> NetworkCosts:
    """The costs of `network`, exactly as they would be read back from its file."""
    steps = [step for position in range(len(network.nodes)) for step in _steps(network, position)]
    bytes_an_element = FLOAT_BYTES * network.batch
    return NetworkCosts(
        macs=network.batch * sum(_macs(network, node) for node in network.nodes),
        other_ops=network.batch * sum(step.touches for step in steps),
        parameters=sum(_parameters(network, node) for node in network.nodes),
        activation_bytes=bytes_an_element * sum(step.writes for step in steps),
        peak_activation_bytes=bytes_an_element * _peak_elements(network, steps),
        kernels=sum(step.computes for step in steps),
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """One operator of the ONNX file. Tensors are named (node, number within the node)."""

    reads: tuple["_Tensor", ...]
    result: "_Tensor"
    writes: int  #: elements of one image
    touches: int  #: elements of one image that an operator without multiply-adds goes through
    computes: bool


_Tensor = tuple[int, int]
_LAST: Final = -1  #: the number of a node's own result
_INPUT: Final = (-1, _LAST)


def _steps(network: Network, position: int) -> Iterator[_Step]:
    node = network.nodes[position]
    sources = [(source, _LAST) for source in node.inputs]
    works = list(_works(network, node))
    reads = tuple(sources[:2] if isinstance(node.operation, Add) else sources)
    for number, (writes, touches, computes) in enumerate(works):
        result = (position, number if number < len(works) - 1 else _LAST)
        yield _Step(reads, result, writes, touches, computes)
        reads = (result, sources[number + 2]) if number + 2 < len(sources) else (result,)


def _works(network: Network, node: Node) -> Iterator[tuple[int, int, bool]]:
    """For each ONNX operator of `node`: elements that it writes and touches, whether it computes."""
    written, read = node.result.elements, source_map(network, node).elements
    match node.operation:
        case Convolution():
            yield written, 0, True
        case Dense():
            yield read, 0, False  # Flatten
            yield written, 0, True
        case Activate(Activation.HARD_SIGMOID):
            yield from 3 * [(written, written, True)]  # Add, Clip, Mul
        case Activate() | Scale():
            yield written, written, True
        case Add():
            yield from (len(node.inputs) - 1) * [(written, written, True)]
        case MaxPool() | AveragePool() | GlobalAverage():
            yield written, max(read, written), True
        case Shuffle():
            yield from 3 * [(written, 0, False)]  # Reshape, Transpose, Reshape
        case Concatenate() | Slice():
            yield written, 0, False


def source_map(network: Network, node: Node) -> Map:
    """The map of the node's first input."""
    first = node.inputs[0]
    return network.input if first < 0 else network.nodes[first].result


def _macs(network: Network, node: Node) -> int:
    match node.operation:
        case Convolution(_, kernel, _, groups):
            return node.result.elements * kernel**2 * (source_map(network, node).channels // groups)
        case Dense(channels):
            return channels * source_map(network, node).channels
        case _:
            return 0


def _parameters(network: Network, node: Node) -> int:
    match node.operation:
        case Convolution(channels, kernel, _, groups):
            return channels * (kernel**2 * (source_map(network, node).channels // groups) + 1)
        case Dense(channels):
            return channels * (source_map(network, node).channels + 1)
        case _:
            return 0


def _peak_elements(network: Network, steps: list[_Step]) -> int:
    last_use = {tensor: number for number, step in enumerate(steps) for tensor in (*step.reads, step.result)}
    last_use.update({(output, _LAST): len(steps) for output in network.outputs})
    alive = {_INPUT: network.input.elements}
    total = peak = network.input.elements
    for number, step in enumerate(steps):
        alive[step.result] = step.writes
        total += step.writes
        peak = max(peak, total)
        for tensor in {*step.reads, step.result}:
            if last_use[tensor] == number:
                total -= alive.pop(tensor)
    return peak
