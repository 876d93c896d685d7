"""Writes a network as ONNX: NCHW, opset 17, activations as nodes of their own."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from .layers import Activation, Convolution, Dense, Gate, Layer, Mean, Network, Sum, Tensor


def write_onnx(network: Network) -> bytes:
    """The serialised model, checked by onnx, with the shapes of all values inferred."""
    writer = _Writer()
    for layer in network.layers:
        writer.add(layer)
    graph = helper.make_graph(
        writer.nodes, network.name, [_value(network.input)], [_value(network.output)], writer.constants
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="edgemeter"
    )
    onnx.checker.check_model(model)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    return bytes(model.SerializeToString(deterministic=True))


def _value(tensor: Tensor) -> onnx.ValueInfoProto:
    shape = [1, tensor.channels, tensor.size, tensor.size][: 4 if tensor.size else 2]
    return helper.make_tensor_value_info(tensor.name, onnx.TensorProto.FLOAT, shape)


class _Writer:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, layer: Layer) -> None:
        match layer:
            case Convolution():
                self._convolution(layer)
            case Sum(left, right, result, activation):
                self._activated("Add", [left.name, right.name], result.name, activation)
            case Gate():
                self._gate(layer)
            case Mean():
                self._mean(layer)
            case Dense(source, result, weights, bias):
                name = result.name
                inputs = [
                    source.name,
                    self._constant(f"{name}/weights", weights),
                    self._constant(f"{name}/bias", bias),
                ]
                self._node("Gemm", inputs, name, transB=1)

    def _convolution(self, layer: Convolution) -> None:
        name = layer.result.name
        weights = layer.weights.transpose(0, 3, 1, 2)
        before, after = layer.padding
        self._activated(
            "Conv",
            [
                layer.source.name,
                self._constant(f"{name}/weights", weights),
                self._constant(f"{name}/bias", layer.bias),
            ],
            name,
            layer.activation,
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            pads=[before, before, after, after],
            group=layer.source.channels if layer.depthwise else 1,
        )

    def _gate(self, layer: Gate) -> None:
        name = layer.result.name
        shifted = self._node("Add", [layer.gate.name, self._scalar(f"{name}/three", 3.0)], f"{name}/shift")
        clipped = self._clip(shifted, f"{name}/clip")
        gate = self._node("Mul", [clipped, self._scalar(f"{name}/sixth", 1 / 6)], f"{name}/gate")
        self._node("Mul", [layer.source.name, gate], name)

    def _mean(self, layer: Mean) -> None:
        if layer.result.size:
            self._node("GlobalAveragePool", [layer.source.name], layer.result.name)
            return
        pooled = self._node("GlobalAveragePool", [layer.source.name], f"{layer.result.name}/mean")
        self._node("Flatten", [pooled], layer.result.name)

    def _activated(
        self, operator: str, inputs: list[str], name: str, activation: Activation, **attributes: Any
    ) -> None:
        if activation is Activation.NONE:
            self._node(operator, inputs, name, **attributes)
            return
        linear = self._node(operator, inputs, f"{name}/linear", **attributes)
        if activation is Activation.RELU:
            self._node("Relu", [linear], name)
        else:
            self._clip(linear, name)

    def _clip(self, source: str, name: str) -> str:
        bounds = [self._scalar(f"{name}/least", 0.0), self._scalar(f"{name}/most", 6.0)]
        return self._node("Clip", [source, *bounds], name)

    def _node(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def _scalar(self, name: str, value: float) -> str:
        return self._constant(name, np.array(value, np.float32))

    def _constant(self, name: str, values: NDArray[np.float32]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name
