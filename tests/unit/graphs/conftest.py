"""Small ONNX and TFLite files, built here so that the tests need nothing from elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from onnx import ModelProto, NodeProto, helper, numpy_helper

from edgemeter.graphs import Graph, read_graph

Shape = Sequence[int | str]
Specs = Mapping[str, tuple[str, Shape]]


@dataclass
class OnnxFile:
    """An ONNX network in the making. Tensors are given as name -> (numpy type name, shape)."""

    inputs: Specs
    nodes: Sequence[NodeProto]
    outputs: Sequence[str]
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    opset: int = 17
    domains: Mapping[str, int] = field(default_factory=dict)
    functions: Sequence[Any] = ()
    stated: Specs = field(default_factory=dict)

    def model(self) -> ModelProto:
        graph = helper.make_graph(
            list(self.nodes),
            "network",
            [_value(name, *spec) for name, spec in self.inputs.items()],
            [helper.make_empty_tensor_value_info(name) for name in self.outputs],
            [numpy_helper.from_array(array, name) for name, array in self.weights.items()],
            value_info=[_value(name, *spec) for name, spec in self.stated.items()],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        opsets += [helper.make_opsetid(domain, version) for domain, version in self.domains.items()]
        return helper.make_model(graph, opset_imports=opsets, functions=self.functions, ir_version=9)


def _value(name: str, dtype: str, shape: Shape | None) -> Any:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)


@dataclass
class TfliteTensor:
    """`data` makes it a constant; `signature` marks dynamic dimensions with -1."""

    name: str
    shape: Sequence[int]
    dtype: int = schema.TensorType.FLOAT32
    data: np.ndarray | None = None
    signature: Sequence[int] | None = None


@dataclass
class TfliteOperator:
    code: int
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: Any = None
    options_type: int = 0
    custom: str | None = None


@dataclass
class TfliteGraph:
    tensors: Sequence[TfliteTensor]
    operators: Sequence[TfliteOperator]
    inputs: Sequence[int]
    outputs: Sequence[int]


def _tflite_bytes(*graphs: TfliteGraph) -> bytes:
    model = schema.ModelT()
    model.version = 3
    model.description = "built by a test"
    model.buffers = [schema.BufferT()]
    model.operatorCodes, model.subgraphs = [], []
    for graph in graphs:
        model.subgraphs.append(_subgraph(model, graph))
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _subgraph(model: Any, graph: TfliteGraph) -> Any:
    made = schema.SubGraphT()
    made.tensors = [_tensor(model, tensor) for tensor in graph.tensors]
    made.operators = [_operator(model, operator) for operator in graph.operators]
    made.inputs, made.outputs = list(graph.inputs), list(graph.outputs)
    return made


def _tensor(model: Any, tensor: TfliteTensor) -> Any:
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = tensor.name, list(tensor.shape), tensor.dtype, 0
    made.shapeSignature = None if tensor.signature is None else list(tensor.signature)
    if tensor.data is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(tensor.data.tobytes(), np.uint8)
        made.buffer = len(model.buffers)
        model.buffers.append(buffer)
    return made


def _operator(model: Any, operator: TfliteOperator) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode = operator.code, min(operator.code, 127)
    code.customCode, code.version = operator.custom, 1
    made = schema.OperatorT()
    made.opcodeIndex = len(model.operatorCodes)
    model.operatorCodes.append(code)
    made.inputs, made.outputs = list(operator.inputs), list(operator.outputs)
    made.builtinOptions, made.builtinOptionsType = operator.options, operator.options_type
    return made


@pytest.fixture(scope="session")
def onnx() -> type[OnnxFile]:
    return OnnxFile


@dataclass(frozen=True)
class Tflite:
    """The builder's parts under one name."""

    tensor = TfliteTensor
    operator = TfliteOperator
    graph = TfliteGraph
    schema = schema
    to_bytes = staticmethod(_tflite_bytes)


@pytest.fixture(scope="session")
def tflite() -> Tflite:
    return Tflite()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Graph]:
    """Reads a model object, or bytes, by way of a file."""

    def reader(content: Any, **kwargs: Any) -> Graph:
        file = tmp_path / "network"
        if isinstance(content, OnnxFile):
            content = content.model()
        file.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
        return read_graph(file, **kwargs)

    return reader


@pytest.fixture(scope="session")
def small_onnx() -> bytes:
    """Convolution, normalisation, a residual sum, a reshape and a classifier."""
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.standard_normal((4, 3, 3, 3)).astype("f4"),
        **{part: rng.random(4).astype("f4") for part in ("scale", "bias", "mean", "var")},
        "shape": np.array([1, -1]),
        "classes": rng.standard_normal((5, 4 * 16)).astype("f4"),
        "offset": np.zeros(5, "f4"),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["c", "scale", "bias", "mean", "var"], ["n"], "norm"),
        helper.make_node("Relu", ["n"], ["r"], "relu"),
        helper.make_node("Add", ["r", "n"], ["a"], "add"),
        helper.make_node("Reshape", ["a", "shape"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "classes", "offset"], ["y"], "classify", transB=1),
    ]
    return OnnxFile({"x": ("float32", (1, 3, 8, 8))}, nodes, ["y"], weights).model().SerializeToString()


@pytest.fixture(scope="session")
def small_tflite() -> bytes:
    """A convolution with fused ReLU6, a depthwise one, a mean and a classifier; batch left open."""
    conv, depthwise, dense = (
        schema.Conv2DOptionsT(),
        schema.DepthwiseConv2DOptionsT(),
        schema.FullyConnectedOptionsT(),
    )
    conv.strideW = conv.strideH = 2
    conv.fusedActivationFunction = schema.ActivationFunctionType.RELU6
    depthwise.strideW = depthwise.strideH = depthwise.depthMultiplier = 1
    rng = np.random.default_rng(0)

    def weight(name: str, *shape: int) -> TfliteTensor:
        return TfliteTensor(name, shape, data=rng.standard_normal(shape).astype("f4"))

    tensors = [
        TfliteTensor("x", (1, 8, 8, 3), signature=(-1, 8, 8, 3)),
        weight("w", 4, 3, 3, 3),
        weight("b", 4),
        TfliteTensor("c", (1, 4, 4, 4), signature=(-1, 4, 4, 4)),
        weight("dw", 1, 3, 3, 4),
        TfliteTensor("d", (1, 4, 4, 4), signature=(-1, 4, 4, 4)),
        TfliteTensor("axes", (2,), schema.TensorType.INT32, np.array([1, 2], "i4")),
        TfliteTensor("m", (1, 4), signature=(-1, 4)),
        weight("fw", 5, 4),
        TfliteTensor("y", (1, 5), signature=(-1, 5)),
    ]
    code, kind = schema.BuiltinOperator, schema.BuiltinOptions
    operators = [
        TfliteOperator(code.CONV_2D, (0, 1, 2), (3,), conv, kind.Conv2DOptions),
        TfliteOperator(code.DEPTHWISE_CONV_2D, (3, 4, -1), (5,), depthwise, kind.DepthwiseConv2DOptions),
        TfliteOperator(code.MEAN, (5, 6), (7,), schema.ReducerOptionsT(), kind.ReducerOptions),
        TfliteOperator(code.FULLY_CONNECTED, (7, 8, -1), (9,), dense, kind.FullyConnectedOptions),
    ]
    return _tflite_bytes(TfliteGraph(tensors, operators, (0,), (9,)))
