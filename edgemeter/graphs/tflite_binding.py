"""Gives a TFLite network the batch size that the caller asked for.

A TFLite file states a full set of shapes, and marks in a signature which dimensions may be
resized. The stored ones are what an interpreter runs unless told otherwise, so a batch that
is left open stays as stored. Another size than that of the batch would have to go through
every operator's own rules; such files are refused instead of guessed at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from edgemeter.graphs.binding import Dimension, bound_shape, refuse_unknown_inputs
from edgemeter.graphs.convention import Body, Node
from edgemeter.graphs.graph import Shape, Tensor
from edgemeter.graphs.limits import ShapeError

#: Tensor name -> its shape with dynamic dimensions as -1; empty where the file has no signature.
Signatures = Mapping[str, Shape]

_DYNAMIC: Final = -1
_DESCRIBE: Final = frozenset({"SHAPE", "RANK"})  #: what these write does not grow with the batch


def bind(network: Body, signatures: Signatures, shapes: Mapping[str, Sequence[int]]) -> None:
    """Sets the batch of `network`'s tensors. Raises ShapeError where `shapes` cannot be had honestly."""
    refuse_unknown_inputs(shapes, network.inputs)
    asked = [_batch_of_input(network.tensors[n], signatures[n], shapes.get(n)) for n in network.inputs]
    batches = {batch for batch in asked if batch is not None}
    if batches <= {1}:
        return
    if len(batches) > 1:
        raise ShapeError(
            "the inputs ask for different batch sizes: give each input a --shape with the same one"
        )
    _set_batch(network, signatures, batches.pop())


def _batch_of_input(tensor: Tensor, signature: Shape, asked: Sequence[int] | None) -> int | None:
    """The batch that this input sets; None where its size is fixed."""
    stored = tensor.shape or ()
    dynamic = [
        axis for axis, size in enumerate(signature) if size == _DYNAMIC and len(signature) == len(stored)
    ]
    stated: list[Dimension] = ["?" if axis in dynamic else size for axis, size in enumerate(stored)]
    if dynamic == [0] and stored[0] == 1:
        return 1 if asked is None else bound_shape(tensor.name, stated, asked)[0]
    if bound_shape(tensor.name, stated, asked) != stored:
        raise ShapeError(
            f"input {tensor.name!r:.80} is stored as {stored}, and of a TFLite file only the batch "
            "can be changed here: convert the network again with the size that you need"
        )
    return 1 if 0 in dynamic else None


def _set_batch(network: Body, signatures: Signatures, batch: int) -> None:
    changed = {name for name, tensor in network.tensors.items() if _grows(tensor, signatures[name])}
    for node in network.nodes:
        _refuse_fixed(node, changed)
    for name in changed:
        tensor = network.tensors[name]
        network.tensors[name] = replace(tensor, shape=(batch, *(tensor.shape or ())[1:]))


def _grows(tensor: Tensor, signature: Shape) -> bool:
    if tensor.constant or _DYNAMIC not in signature:
        return False
    if (
        not tensor.shape
        or len(tensor.shape) != len(signature)
        or signature[0] != _DYNAMIC
        or tensor.shape[0] != 1
    ):
        raise ShapeError(
            f"the batch cannot be changed: tensor {tensor.name!r:.80} depends on it in another way"
        )
    return True


def _refuse_fixed(node: Node, changed: set[str]) -> None:
    if node.bodies or (
        not changed.isdisjoint(node.inputs)
        and changed.isdisjoint(node.outputs)
        and node.type not in _DESCRIBE
    ):
        raise ShapeError(
            f"the batch cannot be changed: operator {node.type} {node.name!r:.80} has a fixed size"
        )
