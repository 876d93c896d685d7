"""Small files for the contract suite, built anew where no shipped network fits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper, save_model


@pytest.fixture
def onnx_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a chain of one-input operators from `x` to `y`, of the same shape."""

    def write(
        *operators: str, shape: tuple[int | str, ...] = (1, 3, 8, 8), dtype: int = TensorProto.FLOAT
    ) -> Path:
        tensors = ["x", *(f"t{index}" for index in range(len(operators) - 1)), "y"]
        nodes = [
            helper.make_node(kind, [tensors[index]], [tensors[index + 1]], name=f"{kind}_{index}")
            for index, kind in enumerate(operators)
        ]
        value = [helper.make_tensor_value_info(name, dtype, shape) for name in ("x", "y")]
        graph = helper.make_graph(nodes, "chain", value[:1], value[1:])
        file = tmp_path / "chain.onnx"
        save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)
        return file

    return write


@pytest.fixture
def tflite_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes one operator from `x` to `y`: RELU, or the custom operator named. Open sizes are -1."""

    def write(custom: str | None = None, signature: tuple[int, ...] | None = None) -> Path:
        import flatbuffers
        from ai_edge_litert import schema_py_generated as schema

        graph = schema.SubGraphT()
        graph.tensors = [_tensor(schema, name, signature) for name in ("x", "y")]
        graph.inputs, graph.outputs = [0], [1]
        operator, code = schema.OperatorT(), schema.OperatorCodeT()
        operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0], [1]
        code.builtinCode = schema.BuiltinOperator.CUSTOM if custom else schema.BuiltinOperator.RELU
        code.deprecatedBuiltinCode, code.version, code.customCode = code.builtinCode, 1, custom
        graph.operators = [operator]
        model = schema.ModelT()
        model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
        model.buffers = [schema.BufferT()]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        file = tmp_path / "one.tflite"
        file.write_bytes(builder.Output())
        return file

    return write


def _tensor(schema: Any, name: str, signature: tuple[int, ...] | None) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, [1, 8, 8, 3], 0
    tensor.type = schema.TensorType.FLOAT32
    tensor.shapeSignature = None if signature is None else list(signature)
    return tensor
