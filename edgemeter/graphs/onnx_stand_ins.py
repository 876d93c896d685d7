"""Standard operators that have the shapes of ONNX Runtime's fused and quantised ones.

`onnx` knows no schema of the domain com.microsoft, so its shape inference would end there.
For the inference alone, such an operator is replaced by a standard one of the same shape.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgemeter.graphs.onnx_counting import MICROSOFT

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Pick = Callable[[Sequence[str]], Sequence[str]]

_WINDOW: Final = frozenset(
    {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "group", "kernel_shape", "pads", "strides"}
)


@dataclass(frozen=True, slots=True)
class _StandIn:
    type: str
    inputs: Pick
    attributes: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()  #: attributes that, when set, make a shape the standard one cannot


def _at(*positions: int) -> Pick:
    return lambda names: [names[position] for position in positions if position < len(names)]


_TRANSPOSES: Final = frozenset({"transA", "transB", "transBatchA", "transBatchB"})
_SAME: Final = _StandIn("Identity", _at(0))
_BOTH: Final = _StandIn("Add", _at(0, 3))

_STAND_INS: Final[dict[str, _StandIn]] = {
    "FusedConv": _StandIn("Conv", _at(0, 1, 2), _WINDOW),
    "FusedMatMul": _StandIn("MatMul", _at(0, 1), unless=_TRANSPOSES),
    "FusedGemm": _StandIn("Gemm", _at(0, 1, 2), frozenset({"transA", "transB"})),
    "QGemm": _StandIn("Gemm", _at(0, 3), frozenset({"transA", "transB"})),
    "QLinearAdd": _BOTH,
    "QLinearMul": _BOTH,
    "QLinearConcat": _StandIn("Concat", lambda names: names[2::3], frozenset({"axis"})),
    "QLinearAveragePool": _StandIn("AveragePool", _at(0), _WINDOW, unless=frozenset({"channels_last"})),
    "QLinearGlobalAveragePool": _StandIn("GlobalAveragePool", _at(0), unless=frozenset({"channels_last"})),
    "QuantizeLinear": _StandIn("QuantizeLinear", _at(0, 1, 2), frozenset({"axis"})),
    "DequantizeLinear": _StandIn("DequantizeLinear", _at(0, 1, 2), frozenset({"axis"})),
    **dict.fromkeys(
        (
            "BiasGelu", "FastGelu", "Gelu", "QuickGelu", "QLinearLeakyRelu", "QLinearSigmoid",
            "QLinearSoftmax", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization",
        ),
        _SAME,
    ),
}  # fmt: skip


def with_stand_ins(model: "ModelProto") -> "ModelProto":
    """`model`, or a copy for shape inference whose main graph has only operators with a schema."""
    if not any(node.domain == MICROSOFT for node in model.graph.node):
        return model
    from onnx import ModelProto

    copy = ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        stand_in = _STAND_INS.get(node.op_type) if node.domain == MICROSOFT else None
        if stand_in is not None and not any(a.i for a in node.attribute if a.name in stand_in.unless):
            _replace(node, stand_in)
    return copy


def _replace(node: "NodeProto", stand_in: _StandIn) -> None:
    inputs = list(stand_in.inputs(node.input))
    attributes = [attribute for attribute in node.attribute if attribute.name in stand_in.attributes]
    del node.input[:], node.output[1:], node.attribute[:]
    node.input.extend(inputs)
    node.attribute.extend(attributes)
    node.op_type, node.domain = stand_in.type, ""
