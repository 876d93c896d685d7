"""The counting convention for TFLite operators."""

from collections.abc import Sequence
from math import prod
from typing import Final

from edgemeter.graphs.convention import Convention, MacCounter, Node, Shapes
from edgemeter.graphs.graph import Tensor, words
from edgemeter.graphs.tflite_schema import OPERATORS


def _convolution(_: Node, inputs: Shapes, outputs: Shapes) -> int:
    kernel = inputs[1][1:]  # the window, then input channels of one group
    return prod(outputs[0]) * prod(kernel)


def _depthwise_convolution(_: Node, inputs: Shapes, outputs: Shapes) -> int:
    window = inputs[1][1:3]
    return prod(outputs[0]) * prod(window)


def _transposed_convolution(_: Node, inputs: Shapes, __: Shapes) -> int:
    pixels = inputs[2][:-1]
    return prod(pixels) * prod(inputs[1])


def _volume_convolution(_: Node, inputs: Shapes, outputs: Shapes) -> int:
    kernel = inputs[1][:-1]  # the window, then input channels; output channels come last
    return prod(outputs[0]) * prod(kernel)


def _fully_connected(_: Node, inputs: Shapes, outputs: Shapes) -> int:
    return prod(outputs[0]) * inputs[1][-1]


def _batched_matrix_product(node: Node, inputs: Shapes, outputs: Shapes) -> int:
    axis = -2 if node.attributes.get("adj_x") else -1
    return prod(outputs[0]) * inputs[0][axis]


def _recurrence(*weights: int) -> MacCounter:
    """Every step multiplies its input or state with each weight matrix once."""

    def count(_: Node, inputs: Shapes, __: Shapes) -> int:
        steps_times_batch = prod(inputs[0][:-1])
        return steps_times_batch * sum(prod(inputs[position]) for position in weights if inputs.has(position))

    return count


_LSTM_WEIGHTS: Final = (*range(1, 9), 16)
_LSTM_BACKWARD_WEIGHTS: Final = (*range(18, 26), 33)


def _lstm(node: Node, inputs: Shapes, outputs: Shapes) -> int:
    one_matrix = len(inputs) == 5  # the basic kernel: input, state, all weights, bias, cell
    weights = (2,) if one_matrix else _LSTM_WEIGHTS
    return _recurrence(*weights)(node, inputs, outputs)


_MACS: Final[dict[str, MacCounter]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise_convolution,
    "TRANSPOSE_CONV": _transposed_convolution,
    "CONV_3D": _volume_convolution,
    "CONV_3D_TRANSPOSE": _transposed_convolution,
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _batched_matrix_product,
    "LSTM": _lstm,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _recurrence(*_LSTM_WEIGHTS),
    "BIDIRECTIONAL_SEQUENCE_LSTM": _recurrence(*_LSTM_WEIGHTS, *_LSTM_BACKWARD_WEIGHTS),
    "RNN": _recurrence(1, 2),
    "UNIDIRECTIONAL_SEQUENCE_RNN": _recurrence(1, 2),
    "BIDIRECTIONAL_SEQUENCE_RNN": _recurrence(1, 2, 5, 6),
    "SVDF": _recurrence(1, 2),
}

_MOVES: Final = frozenset(
    words("""
    ASSIGN_VARIABLE BATCH_TO_SPACE_ND BITCAST BROADCAST_ARGS BROADCAST_TO CONCATENATION DEPTH_TO_SPACE
    DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP EXPAND_DIMS FILL GATHER GATHER_ND MIRROR_PAD PACK PAD PADV2 RANK
    READ_VARIABLE RESHAPE REVERSE_SEQUENCE REVERSE_V2 SCATTER_ND SHAPE SLICE SPACE_TO_BATCH_ND SPACE_TO_DEPTH
    SPLIT SPLIT_V SQUEEZE STRIDED_SLICE TILE TRANSPOSE UNPACK VAR_HANDLE ZEROS_LIKE
    """)
)

#: Operators of unknown content. StableHLO's may hold products in forms that are not read here.
_OPAQUE: Final = frozenset({"CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"})
_PLAIN: Final = frozenset(
    name for name in OPERATORS if name not in _OPAQUE and not name.startswith("STABLEHLO_")
)


def _knows(domain: str, operator_type: str) -> bool:
    return not domain and operator_type in _PLAIN


def _once(_: Node, __: Sequence[Tensor | None]) -> int | None:
    return 1


def _when_loaded(_: Node, __: Sequence[Tensor | None]) -> int | None:
    return 0


def _unknown(_: Node, __: Sequence[Tensor | None]) -> int | None:
    return None


_INT32_BIASED: Final = frozenset(_MACS) - {"BATCH_MATMUL"}

CONVENTION: Final = Convention(
    macs=_MACS,
    moves=_MOVES,
    knows=_knows,
    repeats={
        "IF": _once,
        "CALL": _once,
        "CALL_ONCE": _when_loaded,
        "STABLEHLO_COMPOSITE": _once,
        "WHILE": _unknown,
    },
    chooses=frozenset({"IF"}),
    not_weights={"TRANSPOSE_CONV": frozenset({0}), "CONV_3D_TRANSPOSE": frozenset({0})},
    integer_weights=_INT32_BIASED,
    impure=frozenset({"MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"}),
    dequantizers=frozenset(),
)
