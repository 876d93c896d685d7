"""The same ONNX network as other tools export it: with normalisations that nobody has folded, sums, dropouts,
pools over whole maps, and heads as classifiers and detectors have them.

How an engine fuses is learnt from what campaigns contain: a batch normalisation behind a convolution
vanishes, a lone one does not. Written with the `onnx` package (extra `onnx`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

#: Shares of networks that are written so.
_NORMALISED, _SUMMED, _SWAPPED, _DROPPED, _POOLED, _RESHAPED, _HEAD = 0.7, 0.5, 0.5, 0.4, 0.5, 0.5, 0.6
_CLASSES: Final = 2


@dataclass(frozen=True, slots=True)
class _Style:
    """One tool's habits."""

    normalised: bool
    summed: bool
    swapped: bool
    dropped: bool
    pooled: bool
    reshaped: bool
    head: bool

    @classmethod
    def drawn(cls, random: Random) -> "_Style":
        shares = (_NORMALISED, _SUMMED, _SWAPPED, _DROPPED, _POOLED, _RESHAPED, _HEAD)
        return cls(*(random.random() < share for share in shares))


def exported(data: bytes, random: Random) -> bytes:
    """The file `data`, of the campaign's own writer, in a style that is drawn."""
    import onnx

    writer = _Writer(onnx.load_from_string(data), _Style.drawn(random))
    return writer.written()


class _Writer:
    def __init__(self, model: "ModelProto", style: _Style) -> None:
        from onnx import shape_inference

        self._model, self._style = model, style
        self._constants = {tensor.name for tensor in model.graph.initializer}
        described = shape_inference.infer_shapes(model).graph
        self._shapes = {
            value.name: [size.dim_value for size in value.type.tensor_type.shape.dim]
            for value in (*described.input, *described.value_info, *described.output)
        }

    def written(self) -> bytes:
        graph = self._model.graph
        nodes = [new for node in graph.node for new in self._rewritten(node)]
        nodes += self._ended() if self._style.head else []
        del graph.node[:]
        graph.node.extend(nodes)
        self._drop_unread()
        data: bytes = self._model.SerializeToString(deterministic=True)
        return data

    def _drop_unread(self) -> None:
        graph = self._model.graph
        read = {name for node in graph.node for name in node.input}
        kept = [tensor for tensor in graph.initializer if tensor.name in read]
        del graph.initializer[:]
        graph.initializer.extend(kept)

    def _rewritten(self, node: "NodeProto") -> "Iterator[NodeProto]":
        style, [result] = self._style, node.output
        if node.op_type == "Conv" and style.normalised:
            yield from self._normalised(node)
        elif node.op_type == "Add" and not self._constants.intersection(node.input):
            inputs = list(reversed(node.input)) if style.swapped else list(node.input)
            yield self._node("Sum" if style.summed else "Add", inputs, result)
        elif node.op_type == "GlobalAveragePool" and style.pooled:
            yield self._node(
                "AveragePool", list(node.input), result, kernel_shape=self._shapes[node.input[0]][2:]
            )
        elif node.op_type == "Flatten":
            yield from self._flattened(node.input[0], result)
        else:
            yield node

    def _normalised(self, node: "NodeProto") -> "Iterator[NodeProto]":
        """Such convolutions have no bias."""
        [result] = node.output
        del node.input[2:]
        node.name = node.output[0] = f"{result}/plain"
        yield node
        channels = self._shapes[result][1]
        values = {"scale": 1.0, "shift": 0.1, "mean": 0.1, "variance": 1.0}
        names = [
            self._constant(f"{result}/{name}", [value] * channels, "float32")
            for name, value in values.items()
        ]
        yield self._node("BatchNormalization", [f"{result}/plain", *names], result)

    def _flattened(self, source: str, result: str) -> "Iterator[NodeProto]":
        if self._style.dropped:
            yield self._node("Dropout", [source], f"{result}/kept")
            source = f"{result}/kept"
        if self._style.reshaped:
            shape = self._constant(f"{result}/shape", [1, -1], "int64")
            yield self._node("Reshape", [source, shape], result)
        else:
            yield self._node("Flatten", [source], result)

    def _ended(self) -> "list[NodeProto]":
        """Shares of the classes; of a map, rows of boxes and their shares."""
        graph = self._model.graph
        if len(graph.output) != 1:
            return []
        last = graph.output[0].name
        shape = self._shapes[last]
        graph.output[0].name = f"{last}/shares"
        graph.output[0].type.tensor_type.ClearField("shape")
        nodes, source = [], last
        if len(shape) == 4 and shape[1] * shape[2] * shape[3] % _CLASSES == 0:
            rows = self._constant(f"{last}/rows", [1, -1, _CLASSES], "int64")
            nodes = [
                self._node("Transpose", [last], f"{last}/last", perm=[0, 2, 3, 1]),
                self._node("Reshape", [f"{last}/last", rows], f"{last}/rowed"),
            ]
            source = f"{last}/rowed"
        return [*nodes, self._node("Softmax", [source], f"{last}/shares", axis=-1)]

    def _node(self, kind: str, inputs: list[str], result: str, **attributes: Any) -> "NodeProto":
        from onnx import helper

        return helper.make_node(kind, inputs, [result], name=result, **attributes)

    def _constant(self, name: str, values: list[float] | list[int], dtype: str) -> str:
        import numpy as np
        from onnx import numpy_helper

        self._model.graph.initializer.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name
