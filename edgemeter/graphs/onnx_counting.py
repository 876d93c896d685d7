"""The counting convention for ONNX operators, and for the fused ones of ONNX Runtime."""

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Final

from edgemeter.graphs.convention import Convention, MacCounter, Node, Shapes, UnknownShapeError
from edgemeter.graphs.graph import Tensor, words

MICROSOFT: Final = "com.microsoft"


def _convolution(weight: int) -> MacCounter:
    def count(_: Node, inputs: Shapes, outputs: Shapes) -> int:
        kernel = inputs[weight][1:]  # input channels of one group, then the window
        return prod(outputs[0]) * prod(kernel)

    return count


def _transposed_convolution(_: Node, inputs: Shapes, __: Shapes) -> int:
    kernel = inputs[1][1:]  # output channels of one group, then the window
    return prod(inputs[0]) * prod(kernel)


def _matrix_product(node: Node, inputs: Shapes, outputs: Shapes) -> int:
    axis = -2 if node.attributes.get("transA") else -1
    return prod(outputs[0]) * inputs[0][axis]


def _packed_matrix_product(node: Node, _: Shapes, outputs: Shapes) -> int:
    depth = node.attributes.get("K")
    if not isinstance(depth, int):
        raise UnknownShapeError
    return prod(outputs[0]) * depth


def _recurrence(_: Node, inputs: Shapes, __: Shapes) -> int:
    steps_times_batch = prod(inputs[0][:2])
    return steps_times_batch * (prod(inputs[1]) + prod(inputs[2]))


def _attention(_: Node, inputs: Shapes, outputs: Shapes) -> int:
    keys = inputs[1][-2] + (inputs[4][-2] if inputs.has(4) else 0)
    return keys * (prod(inputs[0]) + prod(outputs[0]))


def _einsum(node: Node, inputs: Shapes, __: Shapes) -> int:
    equation = str(node.attributes.get("equation", "")).replace(" ", "")
    terms, _, result = equation.partition("->")
    operands = terms.split(",")
    if "." in equation or "->" not in equation or len(operands) > 2:
        # An ellipsis, an implied result, or an order of products that is the runtime's choice.
        raise UnknownShapeError
    sizes: dict[str, int] = {}
    for position, letters in enumerate(operands):
        sizes.update(zip(letters, inputs[position], strict=True))
    if len(operands) == 1 or set(sizes) == set(result):
        return 0  # no products are summed
    return prod(sizes.values())


_MACS: Final[dict[str, MacCounter]] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "DeformConv": _convolution(1),
    "QLinearConv": _convolution(3),
    f"{MICROSOFT}:FusedConv": _convolution(1),
    "ConvTranspose": _transposed_convolution,
    "Gemm": _matrix_product,
    "MatMul": _matrix_product,
    "MatMulInteger": _matrix_product,
    "QLinearMatMul": _matrix_product,
    f"{MICROSOFT}:FusedMatMul": _matrix_product,
    f"{MICROSOFT}:FusedGemm": _matrix_product,
    f"{MICROSOFT}:QGemm": _matrix_product,
    f"{MICROSOFT}:DynamicQuantizeMatMul": _matrix_product,
    f"{MICROSOFT}:MatMulIntegerToFloat": _matrix_product,
    f"{MICROSOFT}:MatMulNBits": _packed_matrix_product,
    "LSTM": _recurrence,
    "GRU": _recurrence,
    "RNN": _recurrence,
    "Attention": _attention,
    "Einsum": _einsum,
}

_MOVES: Final = frozenset(
    words("""
    Compress Concat Constant ConstantOfShape DepthToSpace Dropout Expand EyeLike Flatten Gather
    GatherElements GatherND Identity Pad Reshape ReverseSequence Scatter ScatterElements ScatterND Shape
    Size Slice SpaceToDepth Split Squeeze Tile Transpose Unsqueeze
    ConcatFromSequence Optional OptionalGetElement OptionalHasElement SequenceAt SequenceConstruct
    SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence TensorScatter
    """)
)

#: Operators of ONNX Runtime that hold no multiply-adds. All others of that domain are uncounted.
_MICROSOFT_PLAIN: Final = frozenset(
    words("""
    BiasAdd BiasGelu BiasSoftmax BiasSplitGelu BifurcationDetector DequantizeLinear FastGelu Gelu GroupNorm
    NhwcMaxPool QLinearAdd QLinearAveragePool QLinearConcat QLinearGlobalAveragePool QLinearLeakyRelu
    QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QuantizeLinear QuickGelu
    SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization
    """)
)


@cache
def _knows(domain: str, operator_type: str) -> bool:
    from onnx import defs

    if domain == MICROSOFT:
        return operator_type in _MICROSOFT_PLAIN
    return bool(defs.has(operator_type, domain))


def _once(_: Node, __: Sequence[Tensor | None]) -> int | None:
    return 1


def _trips(_: Node, inputs: Sequence[Tensor | None]) -> int | None:
    limit = inputs[0] if inputs else None
    return limit.values[0] if limit is not None and limit.values else None


def _steps(node: Node, inputs: Sequence[Tensor | None]) -> int | None:
    scanned = node.attributes.get("num_scan_inputs")
    if not isinstance(scanned, int) or not 0 < scanned <= len(inputs):
        return None
    sequence = inputs[-scanned]
    axes = node.attributes.get("scan_input_axes")
    axis = int(axes[0]) if isinstance(axes, tuple) and axes else 0
    if sequence is None or sequence.shape is None or not -len(sequence.shape) <= axis < len(sequence.shape):
        return None
    return sequence.shape[axis]


def _positions(*positions: int) -> frozenset[int]:
    return frozenset(positions)


_QUANTIZED_BINARY: Final = _positions(1, 2, 4, 5, 6, 7)

CONVENTION: Final = Convention(
    macs=_MACS,
    moves=_MOVES,
    knows=_knows,
    repeats={"If": _once, "Loop": _trips, "Scan": _steps},
    chooses=frozenset({"If"}),
    not_weights={
        "BatchNormalization": _positions(3, 4),  # running mean and variance
        "QuantizeLinear": _positions(1, 2),
        "DequantizeLinear": _positions(1, 2),
        "QLinearConv": _positions(1, 2, 4, 5, 6, 7),
        "QLinearMatMul": _positions(1, 2, 4, 5, 6, 7),
        "ConvInteger": _positions(2, 3),
        "MatMulInteger": _positions(2, 3),
        "Resize": _positions(1, 2, 3),
        "Upsample": _positions(1),
        "OneHot": _positions(1, 2),
        "NonMaxSuppression": _positions(2, 3, 4),
        f"{MICROSOFT}:QuantizeLinear": _positions(1, 2),
        f"{MICROSOFT}:DequantizeLinear": _positions(1, 2),
        f"{MICROSOFT}:QGemm": _positions(1, 2, 4, 5, 7, 8),
        f"{MICROSOFT}:QLinearAdd": _QUANTIZED_BINARY,
        f"{MICROSOFT}:QLinearMul": _QUANTIZED_BINARY,
    },
    integer_weights=frozenset({"DequantizeLinear", "QLinearConv", f"{MICROSOFT}:QGemm"}),
    impure=frozenset(
        {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
    ),
    dequantizers=frozenset({"DequantizeLinear", f"{MICROSOFT}:DequantizeLinear"}),
)
