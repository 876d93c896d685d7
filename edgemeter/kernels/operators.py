"""ONNX networks of one operator each that no builder writes: what other tools' files hold beside those.

Written with the `onnx` package (extra `onnx`). They keep a campaign's predictor from guessing at an LRN, a
Softmax or a Resize from what additions take.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

from edgemeter.networks.network import Map

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

_OPSET: Final = 17
_IR_VERSION: Final = 8
_SIDES: Final = (1, 4, 7, 10, 14, 20, 28, 40, 56, 80, 112)
_MOST_ELEMENTS: Final = 1_200_000


@dataclass(frozen=True, slots=True)
class _Piece:
    """Nodes from "input" to "output", and their constants."""

    nodes: "Sequence[NodeProto]"
    constants: "Sequence[TensorProto]" = ()


_Make = Callable[[Random, tuple[int, ...]], _Piece]


def operator_name(number: int) -> str:
    return f"operator_{_KINDS[number % len(_KINDS)][0].lower()}_{number}"


def operator_network(seed: int, number: int) -> bytes:
    """The ONNX file of the operator network `number` of a campaign: kinds in turn, sizes drawn."""
    from onnx import TensorProto, helper

    random = Random(f"operator/{seed}/{number}")
    make = _KINDS[number % len(_KINDS)][1]
    drawn = drawn_map(random)
    shape = 1, drawn.channels, drawn.height, drawn.width
    piece = make(random, shape)
    graph = helper.make_graph(
        list(piece.nodes),
        operator_name(number),
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info("output")],
        list(piece.constants),
    )
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="edgemeter")
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def drawn_map(random: Random) -> Map:
    side = random.choice(_SIDES)
    most = min(1024, max(8, _MOST_ELEMENTS // (side * side)))
    channels = round(4 * (most / 4) ** random.random())
    return Map(side, side, max(2, channels // 2 * 2))


def _node(
    kind: str, inputs: Sequence[str] = ("input",), outputs: Sequence[str] = ("output",), **attributes: Any
) -> "NodeProto":
    from onnx import helper

    name = f"{kind.lower()}_{outputs[0]}"
    return helper.make_node(kind, list(inputs), list(outputs), name=name, **attributes)


def _constant(name: str, values: Any, dtype: str = "float32") -> "TensorProto":
    import numpy as np
    from onnx import numpy_helper

    return numpy_helper.from_array(np.asarray(values, dtype), name)


def _plain(kind: str, **attributes: Any) -> tuple[str, _Make]:
    return kind, lambda _, __: _Piece([_node(kind, **attributes)])


def _with_vector(kind: str) -> tuple[str, _Make]:
    """One number a channel beside the map."""

    def make(_: Random, shape: tuple[int, ...]) -> _Piece:
        return _Piece([_node(kind, ("input", "v"))], [_constant("v", [[[0.5]]] * shape[1])])

    return kind, make


def _with_itself(kind: str) -> tuple[str, _Make]:
    return kind, lambda _, __: _Piece([_node(kind, ("input", "input"))])


def _with_number(kind: str, value: float) -> tuple[str, _Make]:
    return kind, lambda _, __: _Piece([_node(kind, ("input", "v"))], [_constant("v", value)])


def _lrn(_: Random, __: tuple[int, ...]) -> _Piece:
    return _Piece([_node("LRN", size=5, alpha=1e-4, beta=0.75, bias=1.0)])


def _transpose(random: Random, __: tuple[int, ...]) -> _Piece:
    return _Piece([_node("Transpose", perm=random.choice(([0, 2, 3, 1], [0, 3, 1, 2], [0, 2, 1, 3])))])


def _rows(random: Random, shape: tuple[int, ...]) -> _Piece:
    """Boxes and classes as detectors have them: channels last, then rows."""
    width = random.choice((2, 4, 10, 16))
    nodes = [
        _node("Transpose", outputs=("t",), perm=[0, 2, 3, 1]),
        _node("Reshape", ("t", "s"), ("r",)),
        _node("Softmax", ("r",), axis=-1),
    ]
    count = shape[1] * shape[2] * shape[3]
    return _Piece(nodes, [_constant("s", [1, count // 2, 2] if count % width else [1, -1, width], "int64")])


def _softmax(random: Random, __: tuple[int, ...]) -> _Piece:
    return _Piece([_node("Softmax", axis=random.choice((1, -1)))])


def _resize(random: Random, __: tuple[int, ...]) -> _Piece:
    mode = random.choice(("nearest", "linear"))
    scales = _constant("scales", [1, 1, 2, 2])
    rule = "asymmetric" if mode == "nearest" else "half_pixel"
    return _Piece(
        [_node("Resize", ("input", "", "scales"), mode=mode, coordinate_transformation_mode=rule)], [scales]
    )


def _normalisation(_: Random, shape: tuple[int, ...]) -> _Piece:
    names = ("scale", "bias", "mean", "variance")
    constants = [_constant(name, [0.5] * shape[1]) for name in names]
    return _Piece([_node("BatchNormalization", ("input", *names))], constants)


def _slice(random: Random, shape: tuple[int, ...]) -> _Piece:
    axis = random.choice([axis for axis in (1, 2, 3) if shape[axis] > 1])
    bounds = {"starts": [0], "ends": [shape[axis] // 2], "axes": [axis]}
    constants = [_constant(name, values, "int64") for name, values in bounds.items()]
    return _Piece([_node("Slice", ("input", *bounds))], constants)


def _concat(random: Random, __: tuple[int, ...]) -> _Piece:
    return _Piece([_node("Concat", ["input"] * random.choice((2, 3, 4)), axis=random.choice((1, 2)))])


def _pad(_: Random, __: tuple[int, ...]) -> _Piece:
    pads = _constant("pads", [0, 0, 1, 1, 0, 0, 1, 1], "int64")
    return _Piece([_node("Pad", ("input", "pads"))], [pads])


def _mean(random: Random, __: tuple[int, ...]) -> _Piece:
    return _Piece([_node("ReduceMean", axes=random.choice(([2, 3], [1], [3])), keepdims=1)])


def _reshape(_: Random, __: tuple[int, ...]) -> _Piece:
    """Between others: as a network's result it would be a copy, within it is none."""
    nodes = [
        _node("Relu", outputs=("r",)),
        _node("Reshape", ("r", "s"), ("t",)),
        _node("Sigmoid", ("t",)),
    ]
    return _Piece(nodes, [_constant("s", [1, -1], "int64")])


def _upsample(random: Random, shape: tuple[int, ...]) -> _Piece:
    """After a convolution, where engines that block their layout keep it blocked."""
    import numpy as np

    channels = random.choice((16, 32, 64))
    weights = _constant("w", np.full((channels, shape[1], 1, 1), 0.01))
    nodes = [
        _node("Conv", ("input", "w"), ("c",), kernel_shape=[1, 1]),
        _node(
            "Resize",
            ("c", "", "scales"),
            mode="nearest",
            nearest_mode="floor",  # any other keeps ONNX Runtime from blocking it
            coordinate_transformation_mode="asymmetric",
        ),
    ]
    factor = random.choice((2, 2, 2, 4))
    return _Piece(nodes, [weights, _constant("scales", [1, 1, factor, factor])])


def _matrix_product(random: Random, shape: tuple[int, ...]) -> _Piece:
    import numpy as np

    columns = random.choice((16, 64, 256))
    weights = np.full((shape[3], columns), 0.01)
    return _Piece([_node("MatMul", ("input", "w"))], [_constant("w", weights)])


def _transposed_convolution(_: Random, shape: tuple[int, ...]) -> _Piece:
    import numpy as np

    inputs = shape[1]
    weights = np.full((inputs, min(inputs, 64), 2, 2), 0.01)
    node = _node("ConvTranspose", ("input", "w"), kernel_shape=[2, 2], strides=[2, 2])
    return _Piece([node], [_constant("w", weights)])


_KINDS: Final[tuple[tuple[str, _Make], ...]] = (
    ("LRN", _lrn),
    ("Transpose", _transpose),
    ("rows", _rows),
    ("Resize", _resize),
    _plain("Sigmoid"),
    ("Softmax", _softmax),
    ("Concat", _concat),
    ("LRN", _lrn),
    ("BatchNormalization", _normalisation),
    ("Slice", _slice),
    _with_itself("Mul"),
    ("Upsample", _upsample),
    _plain("Exp"),
    ("Reshape", _reshape),
    _with_vector("Add"),
    _plain("Tanh"),
    ("Transpose", _transpose),
    ("ReduceMean", _mean),
    _with_number("Div", 2.0),
    ("MatMul", _matrix_product),
    ("ConvTranspose", _transposed_convolution),
    _plain("LeakyRelu", alpha=0.1),
    _plain("HardSwish"),
    _plain("HardSigmoid"),
    ("Pad", _pad),
    _with_vector("Mul"),
    _with_vector("PRelu"),
    _plain("Sqrt"),
    _with_number("Sub", 0.5),
    _with_number("Pow", 2.0),
    _plain("Erf"),
    ("Upsample", _upsample),
    _plain("GlobalMaxPool"),
    _plain("Elu"),
    _with_itself("Max"),
)
