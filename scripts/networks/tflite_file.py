"""Writes a network as a TFLite flatbuffer: NHWC, activations fused, nothing transposed."""

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from .layers import Activation, Convolution, Dense, Gate, Layer, Mean, Network, Sum, Tensor

SIGNATURE = "serving_default"

_FUSED = {
    Activation.NONE: schema.ActivationFunctionType.NONE,
    Activation.RELU: schema.ActivationFunctionType.RELU,
    Activation.RELU6: schema.ActivationFunctionType.RELU6,
}


def write_tflite(network: Network) -> bytes:
    """The finished flatbuffer, with a signature that names its input and output."""
    writer = _Writer(network.input)
    for layer in network.layers:
        writer.add(layer)
    return writer.finish(network)


def _options(kind: str, **values: object) -> Any:
    options = getattr(schema, f"{kind}T")()
    for name, value in values.items():
        setattr(options, name, value)
    return options


def _signature_entry(tensor: Tensor, index: int) -> Any:
    return _options("TensorMap", name=tensor.name, tensorIndex=index)


class _Writer:
    def __init__(self, source: Tensor) -> None:
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]  # the format reserves the first as "no data"
        self._codes: dict[int, int] = {}
        self._index: dict[str, int] = {}
        self._variable(source)

    def add(self, layer: Layer) -> None:
        match layer:
            case Convolution():
                self._convolution(layer)
            case Sum(left, right, result, activation):
                options = _options("AddOptions", fusedActivationFunction=_FUSED[activation])
                self._operator("ADD", [self._index[left.name], self._index[right.name]], result, options)
            case Gate():
                self._gate(layer)
            case Mean(source, result):
                axes = self._constant(f"{result.name}/axes", np.array([1, 2], np.int32))
                options = _options("ReducerOptions", keepDims=result.size > 0)
                self._operator("MEAN", [self._index[source.name], axes], result, options)
            case Dense(source, result, weights, bias):
                parameters = self._parameters(result.name, weights, bias)
                options = _options("FullyConnectedOptions")
                self._operator("FULLY_CONNECTED", [self._index[source.name], *parameters], result, options)

    def finish(self, network: Network) -> bytes:
        source, result = self._index[network.input.name], self._index[network.output.name]
        graph = _options("SubGraph", name=network.name, tensors=self._tensors, operators=self._operators)
        graph.inputs, graph.outputs = [source], [result]
        # The quantiser finds the input to calibrate by its signature.
        signature = _options("SignatureDef", signatureKey=SIGNATURE, subgraphIndex=0)
        signature.inputs = [_signature_entry(network.input, source)]
        signature.outputs = [_signature_entry(network.output, result)]
        model = _options(
            "Model", version=3, description="edgemeter", subgraphs=[graph], buffers=self._buffers
        )
        model.operatorCodes = [
            _options("OperatorCode", builtinCode=code, deprecatedBuiltinCode=code, version=1)
            for code in self._codes
        ]
        model.signatureDefs = [signature]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _convolution(self, layer: Convolution) -> None:
        common: dict[str, object] = {
            "padding": schema.Padding.SAME,
            "strideW": layer.stride,
            "strideH": layer.stride,
            "dilationWFactor": 1,
            "dilationHFactor": 1,
            "fusedActivationFunction": _FUSED[layer.activation],
        }
        weights = layer.weights
        if layer.depthwise:
            weights = weights.transpose(3, 1, 2, 0)
            operator, options = (
                "DEPTHWISE_CONV_2D",
                _options("DepthwiseConv2DOptions", depthMultiplier=1, **common),
            )
        else:
            operator, options = "CONV_2D", _options("Conv2DOptions", **common)
        parameters = self._parameters(layer.result.name, weights, layer.bias)
        self._operator(operator, [self._index[layer.source.name], *parameters], layer.result, options)

    def _gate(self, layer: Gate) -> None:
        name = layer.result.name
        shifted = Tensor(f"{name}/shift", layer.gate.size, layer.gate.channels)
        gate = Tensor(f"{name}/gate", layer.gate.size, layer.gate.channels)
        three = self._constant(f"{name}/three", np.array([3.0], np.float32))
        sixth = self._constant(f"{name}/sixth", np.array([1 / 6], np.float32))
        clipped_sum = _options("AddOptions", fusedActivationFunction=_FUSED[Activation.RELU6])
        self._operator("ADD", [self._index[layer.gate.name], three], shifted, clipped_sum)
        self._operator("MUL", [self._index[shifted.name], sixth], gate, _options("MulOptions"))
        sources = [self._index[layer.source.name], self._index[gate.name]]
        self._operator("MUL", sources, layer.result, _options("MulOptions"))

    def _operator(self, name: str, inputs: list[int], result: Tensor, options: Any) -> None:
        code = getattr(schema.BuiltinOperator, name)
        operator = _options("Operator", opcodeIndex=self._codes.setdefault(code, len(self._codes)))
        operator.inputs, operator.outputs = inputs, [self._variable(result)]
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self._operators.append(operator)

    def _variable(self, tensor: Tensor) -> int:
        shape = [1, tensor.size, tensor.size, tensor.channels] if tensor.size else [1, tensor.channels]
        self._index[tensor.name] = self._tensor(tensor.name, shape, schema.TensorType.FLOAT32, buffer=0)
        return self._index[tensor.name]

    def _parameters(
        self, name: str, weights: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> tuple[int, int]:
        return self._constant(f"{name}/weights", weights), self._constant(f"{name}/bias", bias)

    def _constant(self, name: str, values: NDArray[Any]) -> int:
        kind = schema.TensorType.INT32 if values.dtype == np.int32 else schema.TensorType.FLOAT32
        self._buffers.append(_options("Buffer", data=np.frombuffer(values.tobytes(), np.uint8)))
        return self._tensor(name, list(values.shape), kind, buffer=len(self._buffers) - 1)

    def _tensor(self, name: str, shape: list[int], kind: int, buffer: int) -> int:
        self._tensors.append(_options("Tensor", name=name, shape=shape, type=kind, buffer=buffer))
        return len(self._tensors) - 1
