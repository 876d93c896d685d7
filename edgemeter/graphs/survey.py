"""The formulas of the survey "Hardware-aware NAS" (its equations 3 to 6), word for word.

For comparison with published numbers only; no predictor uses them. They are as printed:

- eq. 3, convolution: FLOPs = 2 H W (Cin K^2 + 1) Cout, with H and W of the *input*, whatever the stride;
- eq. 4, fully connected: FLOPs = 2 (I - 1) O, where (2 I - 1) O was probably meant;
- eq. 5, convolution: parameters = Cin K^2 Cout + Cout, without "+ Cout" when there is no bias;
- eq. 6, fully connected: parameters = I O + O.

Cin is read as the input channels of one group, K^2 as the window's area. A batch, or a
fully connected layer applied to several rows, counts each of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from edgemeter.graphs.graph import Graph, Operator, Shape, Tensor


@dataclass(frozen=True, slots=True)
class _Convolution:
    pixels: int  #: H W of the input, times the batch
    inputs: int  #: Cin
    window: int  #: K^2
    outputs: int  #: Cout
    biased: bool

    @property
    def flops(self) -> int:
        return 2 * self.pixels * (self.inputs * self.window + 1) * self.outputs

    @property
    def parameters(self) -> int:
        return self.inputs * self.window * self.outputs + self.biased * self.outputs


@dataclass(frozen=True, slots=True)
class _FullyConnected:
    rows: int
    inputs: int  #: I
    outputs: int  #: O

    @property
    def flops(self) -> int:
        return 2 * (self.inputs - 1) * self.outputs * self.rows

    @property
    def parameters(self) -> int:
        return self.inputs * self.outputs + self.outputs


_Layer = _Convolution | _FullyConnected
_Reader = Callable[[Operator, Sequence[Tensor | None]], _Layer | None]


def flops_survey(graph: Graph) -> int:
    """FLOPs of all convolutions and fully connected layers by equations 3 and 4. Unknown shapes: 0."""
    return sum(layer.flops for layer in _layers(graph))


def parameters_survey(graph: Graph) -> int:
    """Parameters of the same layers by equations 5 and 6."""
    return sum(layer.parameters for layer in _layers(graph))


def _layers(graph: Graph) -> list[_Layer]:
    found = []
    for operator in graph.operators:
        reader = _READERS.get(operator.type)
        tensors = [graph.tensors[name] if name else None for name in operator.inputs]
        if reader is not None and (layer := reader(operator, tensors)) is not None:
            found.append(layer)
    return found


def _shape(tensors: Sequence[Tensor | None], position: int, rank: int) -> Shape | None:
    """The shape at `position`, where it is known and has at least `rank` dimensions."""
    tensor = tensors[position] if position < len(tensors) else None
    shape = tensor.shape if tensor is not None else None
    return shape if shape is not None and len(shape) >= rank else None


def _onnx_convolution(weight: int, bias: int) -> _Reader:
    def read(_: Operator, tensors: Sequence[Tensor | None]) -> _Layer | None:
        data, kernel = _shape(tensors, 0, 3), _shape(tensors, weight, 3)  # N C H W, and M C/group kH kW
        if data is None or kernel is None:
            return None
        return _Convolution(
            pixels=data[0] * prod(data[2:]),
            inputs=kernel[1],
            window=prod(kernel[2:]),
            outputs=kernel[0],
            biased=_shape(tensors, bias, 1) is not None,
        )

    return read


def _tflite_convolution(depthwise: bool) -> _Reader:
    def read(_: Operator, tensors: Sequence[Tensor | None]) -> _Layer | None:
        data, kernel = _shape(tensors, 0, 4), _shape(tensors, 1, 4)  # N H W C, and O kH kW I or 1 kH kW O
        if data is None or kernel is None:
            return None
        return _Convolution(
            pixels=prod(data[:3]),
            inputs=1 if depthwise else kernel[3],
            window=prod(kernel[1:3]),
            outputs=kernel[3] if depthwise else kernel[0],
            biased=_shape(tensors, 2, 1) is not None,
        )

    return read


def _gemm(operator: Operator, tensors: Sequence[Tensor | None]) -> _Layer | None:
    data, weight = _shape(tensors, 0, 2), _shape(tensors, 1, 2)
    if data is None or weight is None or len(weight) != 2:
        return None
    inputs, outputs = reversed(weight) if operator.attributes.get("transB") else weight
    return _FullyConnected(prod(data) // max(inputs, 1), inputs, outputs)


def _matrix_product(_: Operator, tensors: Sequence[Tensor | None]) -> _Layer | None:
    """Fully connected only with a weight: a product of two activations is none of the survey's layers."""
    data, weight = _shape(tensors, 0, 1), _shape(tensors, 1, 2)
    if data is None or weight is None or len(weight) != 2 or not (tensors[1] and tensors[1].constant):
        return None
    return _FullyConnected(prod(data[:-1]), weight[0], weight[1])


def _fully_connected(_: Operator, tensors: Sequence[Tensor | None]) -> _Layer | None:
    data, weight = _shape(tensors, 0, 1), _shape(tensors, 1, 2)
    if data is None or weight is None:
        return None
    return _FullyConnected(prod(data) // max(weight[1], 1), weight[1], weight[0])


_READERS: Final[dict[str, _Reader]] = {
    "Conv": _onnx_convolution(1, 2),
    "FusedConv": _onnx_convolution(1, 2),
    "ConvInteger": _onnx_convolution(1, bias=4),
    "QLinearConv": _onnx_convolution(3, 8),
    "Gemm": _gemm,
    "MatMul": _matrix_product,
    "CONV_2D": _tflite_convolution(depthwise=False),
    "DEPTHWISE_CONV_2D": _tflite_convolution(depthwise=True),
    "FULLY_CONNECTED": _fully_connected,
}
