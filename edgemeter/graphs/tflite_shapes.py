"""Fills in shapes that a TFLite file leaves open inside the network.

A converter that could not tell a dimension stores a 1 in its place and marks it in the
signature. For the operators below the size follows from what they read; after any other
operator it stays unknown, rather than 1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Final

from edgemeter.graphs.convention import Body, Node
from edgemeter.graphs.graph import Shape, Tensor, words

#: Sizes, None where they are open.
Partial = Sequence[int | None]


def fill_in(network: Body, signatures: Mapping[str, Shape]) -> None:
    """Replaces the open dimensions of `network`'s inner tensors; unknown shapes become None."""
    sizes_of = {name: _sizes(tensor, signatures[name]) for name, tensor in network.tensors.items()}
    partial = {
        name: sizes for name, sizes in sizes_of.items() if None in sizes and name not in network.inputs
    }
    for name in partial:
        network.tensors[name] = replace(network.tensors[name], shape=None)
    for node in network.nodes if partial else ():
        if len(node.outputs) == 1 and (sizes := partial.get(node.outputs[0])) is not None:
            read = [network.tensors[name].shape for name in node.inputs if name]
            rule = _RULES.get(node.type)
            shape = rule(node, read, sizes) if rule and read else None
            network.tensors[node.outputs[0]] = replace(network.tensors[node.outputs[0]], shape=shape)


def _sizes(tensor: Tensor, signature: Shape) -> Partial:
    """The batch, in front, is a true 1 where it is open (see `tflite_binding`)."""
    stored = tensor.shape or ()
    if tensor.constant or len(signature) != len(stored):
        return stored
    open_axes = {axis for axis, size in enumerate(signature) if axis and size == -1 and stored[axis] == 1}
    return [None if axis in open_axes else size for axis, size in enumerate(stored)]


def _reshaped(_: Node, read: Sequence[Shape | None], sizes: Partial) -> Shape | None:
    known = prod(size for size in sizes if size is not None)
    if read[0] is None or sizes.count(None) != 1 or not known or prod(read[0]) % known:
        return None
    return tuple(prod(read[0]) // known if size is None else size for size in sizes)


def _joined(node: Node, read: Sequence[Shape | None], _: Partial) -> Shape | None:
    shapes = [shape for shape in read if shape is not None]
    axis = node.attributes.get("axis")
    if len(shapes) < len(read) or not isinstance(axis, int) or not -len(shapes[0]) <= axis < len(shapes[0]):
        return None
    axis %= len(shapes[0])
    if any(shape[:axis] + shape[axis + 1 :] != shapes[0][:axis] + shapes[0][axis + 1 :] for shape in shapes):
        return None
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


def _same(_: Node, read: Sequence[Shape | None], __: Partial) -> Shape | None:
    return read[0]


_UNARY: Final = words(
    """
    ABS CAST CEIL COS DEQUANTIZE ELU EXP FLOOR GELU HARD_SWISH LEAKY_RELU LOG LOG_SOFTMAX LOGISTIC NEG
    QUANTIZE RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SIGN SIN SOFTMAX SQRT SQUARE TANH
    """
)

_RULES: Final[dict[str, Callable[[Node, Sequence[Shape | None], Partial], Shape | None]]] = {
    "RESHAPE": _reshaped,
    "CONCATENATION": _joined,
    **dict.fromkeys(_UNARY, _same),
}
