"""Real networks that nobody here wrote: all read, and counted as others count them."""

from math import prod
from pathlib import Path

import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgemeter.graphs import read_graph, structural_hash
from edgemeter.graphs.limited import read_graph_limited

MODELS = Path(__file__).parents[4] / "shared" / "models"

pytestmark = pytest.mark.skipif(
    not MODELS.is_dir(), reason="the folder of shared models is not beside the repository"
)

FILES = sorted(file for file in MODELS.glob("*") if file.suffix in {".onnx", ".tflite"})

#: Published figures: torchvision's model tables (ResNet-50), the SqueezeNet and MLPerf Tiny papers.
PUBLISHED = {
    "light_resnet50": (4_089_184_256, 25_557_032),
    "light_squeezenet": (349_151_936, 1_235_496),
    "mlperftiny_resnet8_fp32": (12_501_632, 77_706),
    "mlperftiny_resnet8_int8": (12_501_632, 77_706),
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_is_read_whole(file):
    graph = read_graph(file)

    assert not graph.uncounted
    assert graph.macs > 1_000_000
    assert graph.parameters > 10_000
    assert None not in (graph.activation_bytes, graph.peak_activation_bytes)
    assert read_graph_limited(file) == graph


@pytest.mark.parametrize("name", PUBLISHED)
def test_agrees_with_published_figures(name):
    (file,) = MODELS.glob(f"{name}.*")
    graph = read_graph(file)

    assert (graph.macs, graph.parameters) == PUBLISHED[name]


def test_the_same_network_counts_the_same_in_both_formats():
    in_onnx = read_graph(MODELS / "ultraface_slim_320_simplified.onnx")
    in_tflite = read_graph(MODELS / "ultraface_slim_320.tflite")

    assert in_onnx.macs == in_tflite.macs
    assert in_onnx.parameters == in_tflite.parameters


def test_quantising_changes_the_hash_and_not_the_count():
    fp32, int8 = (read_graph(MODELS / f"mlperftiny_resnet8_{kind}.tflite") for kind in ("fp32", "int8"))

    assert fp32.macs == int8.macs
    assert int8.weight_bytes < fp32.weight_bytes / 3
    assert structural_hash(fp32) != structural_hash(int8)
    assert {operator.dtype for operator in int8.operators if operator.cost.macs} == {"int8"}


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.suffix == ".onnx"], ids=lambda file: file.name
)
def test_multiply_adds_agree_with_a_plain_count_of_the_whole_file(file):
    """Weights loaded, nothing stripped, shapes from the library's own inference of the full file."""
    model = onnx.shape_inference.infer_shapes(onnx.load(file), data_prop=True)
    values = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    shapes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in values}
    shapes |= {weight.name: list(weight.dims) for weight in model.graph.initializer}
    macs = 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            macs += prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
        elif node.op_type == "Gemm":
            macs += prod(shapes[node.input[1]]) * shapes[node.output[0]][0]

    assert read_graph(file).macs == macs


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.suffix == ".tflite"], ids=lambda file: file.name
)
def test_multiply_adds_agree_with_a_plain_count_by_the_official_schema(file):
    graph = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
    (subgraph,), codes = graph.subgraphs, graph.operatorCodes
    macs = 0
    for operator in subgraph.operators:
        code = codes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        _, weight, *_ = [list(subgraph.tensors[i].shape) for i in [*operator.inputs, *operator.inputs][:2]]
        output = prod(subgraph.tensors[operator.outputs[0]].shape)
        if kind == schema.BuiltinOperator.CONV_2D:
            macs += output * prod(weight[1:])
        elif kind == schema.BuiltinOperator.DEPTHWISE_CONV_2D:
            macs += output * prod(weight[1:3])
        elif kind == schema.BuiltinOperator.FULLY_CONNECTED:
            macs += output * weight[1]

    assert read_graph(file).macs == macs
