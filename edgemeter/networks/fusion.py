"""Which activations an engine computes together with the operation before, and what files call tensors."""

from collections import Counter

from edgemeter.networks.network import (
    Activate,
    Activation,
    Add,
    Convolution,
    Dense,
    Network,
    Scale,
)

_CLIPS = frozenset({Activation.RELU, Activation.RELU6})


def fused(network: Network) -> dict[int, int]:
    """The position of each operation whose result only a ReLU or ReLU6 reads, and that activation's.

    TFLite writes the two as one operator; quantised files have no tensor between them.
    """
    readers = Counter(source for node in network.nodes for source in node.inputs)
    readers.update(network.outputs)
    return {
        node.inputs[0]: position
        for position, node in enumerate(network.nodes)
        if isinstance(node.operation, Activate)
        and node.operation.activation in _CLIPS
        and node.inputs[0] >= 0
        and readers[node.inputs[0]] == 1
        and isinstance(network.nodes[node.inputs[0]].operation, Convolution | Dense | Add | Scale)
    }


def names(network: Network) -> dict[int, str]:
    """The name of each node and of its result: `input`, `output` (`output_0` ... of several), the others
    by operation and position.
    """
    found = {-1: "input"}
    for position, node in enumerate(network.nodes):
        operation = node.operation
        kind = operation.activation if isinstance(operation, Activate) else type(operation).__name__.lower()
        found[position] = f"{kind}_{position}"
    for number, position in enumerate(network.outputs):
        found[position] = f"output_{number}" if len(network.outputs) > 1 else "output"
    return found


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Rows (or columns) of zeros before and after, as TFLite's SAME has them: the odd one after."""
    results = -(-size // stride)
    total = max((results - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2
