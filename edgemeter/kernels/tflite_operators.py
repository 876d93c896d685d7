"""TFLite networks of one operator each that the builder does not write, as operators.py has them for ONNX."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import numpy as np

from edgemeter.graphs.tflite_schema import PADDINGS
from edgemeter.kernels.operators import drawn_map
from edgemeter.networks.network import Map
from edgemeter.networks.stream import Payload
from edgemeter.networks.tflite_tables import OperatorEntry, Tables, TensorEntry

_SAME: Final = PADDINGS.index("SAME")
_VALID: Final = PADDINGS.index("VALID")


class _Draft:
    """A network that grows from `input`: what is added gives the number of its tensor."""

    def __init__(self, here: Map) -> None:
        self.tables, self.here = Tables(), here
        self.input = self._tensor("input", (1, here.height, here.width, here.channels), 0)

    def operator(self, code: str, inputs: Sequence[int], shape: Sequence[int], **options: float) -> int:
        result = self._tensor(f"{code.lower()}_{len(self.tables.tensors)}", tuple(shape), 0)
        self.tables.operators.append(OperatorEntry(code, 1, tuple(inputs), (result,), options))
        return result

    def constant(self, values: Any, dtype: str = "float32") -> int:
        array = np.asarray(values, dtype)
        self.tables.constants.append(Payload.of(array))
        number = len(self.tables.constants)
        return self._tensor(f"constant_{number}", array.shape, number, dtype)

    def shape(self, tensor: int) -> tuple[int, ...]:
        return self.tables.tensors[tensor].shape

    def _tensor(self, name: str, shape: tuple[int, ...], buffer: int, dtype: str = "float32") -> int:
        self.tables.tensors.append(TensorEntry(name, shape, dtype, buffer, None))
        return len(self.tables.tensors) - 1


_Make = Callable[[Random, _Draft], int]


def operator_name(number: int) -> str:
    return f"operator_{_KINDS[number % len(_KINDS)][0].lower()}_{number}"


def operator_network(seed: int, number: int) -> bytes:
    """The TFLite file of the operator network `number` of a campaign: kinds in turn, sizes drawn."""
    random = Random(f"operator/{seed}/{number}")
    draft = _Draft(drawn_map(random))
    result = _KINDS[number % len(_KINDS)][1](random, draft)
    return draft.tables.serialised(operator_name(number), [draft.input], [result])


def _plain(code: str, **options: float) -> tuple[str, _Make]:
    return code, lambda _, draft: draft.operator(code, [draft.input], draft.shape(draft.input), **options)


def _with_itself(code: str) -> tuple[str, _Make]:
    return code, lambda _, draft: draft.operator(code, [draft.input] * 2, draft.shape(draft.input))


def _with_vector(code: str) -> tuple[str, _Make]:
    """One number a channel beside the map."""

    def make(_: Random, draft: _Draft) -> int:
        numbers = draft.constant(np.full((1, 1, draft.here.channels), 0.5))
        return draft.operator(code, [draft.input, numbers], draft.shape(draft.input))

    return code, make


def _reduction(code: str) -> tuple[str, _Make]:
    def make(random: Random, draft: _Draft) -> int:
        axes = random.choice(([1, 2], [3], [2]))
        shape = [1 if axis in axes else size for axis, size in enumerate(draft.shape(draft.input))]
        return draft.operator(code, [draft.input, draft.constant(axes, "int32")], shape, keep_dims=1)

    return code, make


def _resize(code: str) -> tuple[str, _Make]:
    def make(random: Random, draft: _Draft) -> int:
        factor, here = random.choice((2, 2, 3)), draft.here
        size = [here.height * factor, here.width * factor]
        options = {"half_pixel_centers": random.choice((0, 1))}
        inputs = [draft.input, draft.constant(size, "int32")]
        return draft.operator(code, inputs, [1, *size, here.channels], **options)

    return code, make


def _transpose(random: Random, draft: _Draft) -> int:
    order = random.choice(([0, 3, 1, 2], [0, 2, 3, 1], [0, 2, 1, 3]))
    shape = draft.shape(draft.input)
    return draft.operator(
        "TRANSPOSE", [draft.input, draft.constant(order, "int32")], [shape[axis] for axis in order]
    )


def _rows(random: Random, draft: _Draft) -> int:
    """Boxes and classes as detectors have them, of two scales: rows, joined, and shares of each."""
    here, width = draft.here, 2
    shape = [1, here.height * here.width * here.channels // width, width]
    rows = draft.operator("RESHAPE", [draft.input, draft.constant(shape, "int32")], shape)
    both = draft.operator("CONCATENATION", [rows, rows], [1, 2 * shape[1], width], axis=1)
    return draft.operator("SOFTMAX", [both], draft.shape(both), beta=1.0) if random.random() < 0.5 else both


def _sized(random: Random, draft: _Draft) -> int:
    """Rows whose number is worked out at every run, as exporters of open batches write it."""
    batch = draft.operator("SHAPE", [draft.input], [4], out_type=2)
    draft.tables.tensors[batch] = TensorEntry("sizes", (4,), "int32", 0, None)
    begin, end, one = (draft.constant([value], "int32") for value in (0, 1, 1))
    first = draft.operator("STRIDED_SLICE", [batch, begin, end, one], [], shrink_axis_mask=1)
    draft.tables.tensors[first] = TensorEntry("batch", (), "int32", 0, None)
    here, width = draft.here, random.choice((1, 2))
    rows = here.height * here.width * here.channels // width
    numbers = [draft.constant(value, "int32") for value in (rows, width)]
    packed = draft.operator("PACK", [first, *numbers], [3], values_count=3, axis=0)
    draft.tables.tensors[packed] = TensorEntry("wanted", (3,), "int32", 0, None)
    reshaped = draft.operator("RESHAPE", [draft.input, packed], [1, rows, width])
    return draft.operator("LOGISTIC", [reshaped], [1, rows, width])


def _joined(random: Random, draft: _Draft) -> int:
    count, axis = random.choice((2, 3, 4)), random.choice((1, 3))
    shape = [size * count if n == axis else size for n, size in enumerate(draft.shape(draft.input))]
    return draft.operator("CONCATENATION", [draft.input] * count, shape, axis=axis)


def _pad(_: Random, draft: _Draft) -> int:
    """Before a pool, which takes no padding in."""
    here = draft.here
    pads = draft.constant([[0, 0], [1, 1], [1, 1], [0, 0]], "int32")
    shape = [1, here.height + 2, here.width + 2, here.channels]
    return draft.operator("PAD", [draft.input, pads], shape)


def _part(random: Random, draft: _Draft) -> int:
    shape = list(draft.shape(draft.input))
    axis = random.choice([n for n in (1, 2, 3) if shape[n] > 1])
    shape[axis] //= 2
    begin = draft.constant([0, 0, 0, 0], "int32")
    return draft.operator("SLICE", [draft.input, begin, draft.constant(shape, "int32")], shape)


def _transposed_convolution(_: Random, draft: _Draft) -> int:
    here = draft.here
    outputs = min(here.channels, 64)
    shape = [1, 2 * here.height, 2 * here.width, outputs]
    weights = draft.constant(np.full((outputs, 2, 2, here.channels), 0.01))
    inputs = [draft.constant(shape, "int32"), weights, draft.input]
    return draft.operator("TRANSPOSE_CONV", inputs, shape, padding=_SAME, stride_w=2, stride_h=2)


def _average_of_all(_: Random, draft: _Draft) -> int:
    """As older classifiers end: a pool with a window as large as the map."""
    here = draft.here
    window = {"filter_width": here.width, "filter_height": here.height, "stride_w": 1, "stride_h": 1}
    shape = [1, 1, 1, here.channels]
    return draft.operator("AVERAGE_POOL_2D", [draft.input], shape, padding=_VALID, **window)


def _depth_to_space(_: Random, draft: _Draft) -> int:
    here = draft.here
    wider = [1, here.height, here.width, 4 * here.channels]
    wide = draft.operator("CONCATENATION", [draft.input] * 4, wider, axis=3)
    shape = [1, 2 * here.height, 2 * here.width, here.channels]
    return draft.operator("DEPTH_TO_SPACE", [wide], shape, block_size=2)


_KINDS: Final[tuple[tuple[str, _Make], ...]] = (
    _plain("SOFTMAX", beta=1.0),
    ("rows", _rows),
    _plain("LOGISTIC"),
    _resize("RESIZE_BILINEAR"),
    ("TRANSPOSE", _transpose),
    ("sized", _sized),
    _with_vector("MUL"),
    ("CONCATENATION", _joined),
    _resize("RESIZE_NEAREST_NEIGHBOR"),
    ("PAD", _pad),
    _plain("TANH"),
    ("SLICE", _part),
    _reduction("MEAN"),
    ("rows", _rows),
    _with_vector("ADD"),
    ("TRANSPOSE_CONV", _transposed_convolution),
    _plain("LEAKY_RELU", alpha=0.1),
    _with_vector("PRELU"),
    _with_itself("MUL"),
    _plain("LOCAL_RESPONSE_NORMALIZATION", radius=2, bias=1.0, alpha=1e-4, beta=0.75),
    _with_itself("MAXIMUM"),
    ("sized", _sized),
    _reduction("SUM"),
    _with_vector("SUB"),
    _with_vector("DIV"),
    _plain("EXP"),
    _plain("SQRT"),
    _plain("ELU"),
    _plain("ABS"),
    _plain("SQUARE"),
    ("DEPTH_TO_SPACE", _depth_to_space),
    _reduction("REDUCE_MAX"),
    ("AVERAGE_POOL_2D", _average_of_all),
)
