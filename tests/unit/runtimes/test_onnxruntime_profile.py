from typing import Any

import pytest

from edgemeter.targets import Precision
from edgemeter_agents.runtimes.onnxruntime_profile import is_heavy, kernels_of
from edgemeter_agents.runtimes.sources import Sources

NOTHING = Sources(())


def _kernel(name: str, kind: str, duration_us: int, index: int = 0, dtype: str = "float") -> dict[str, Any]:
    arguments = {
        "op_name": kind,
        "provider": "CPUExecutionProvider",
        "node_index": str(index),
        "input_type_shape": [{dtype: [1, 3]}, {"float": [3]}],
    }
    return {"cat": "Node", "name": f"{name}_kernel_time", "dur": duration_us, "args": arguments}


RUN = {"cat": "Session", "name": "model_run", "dur": 1000}
LOADED = {"cat": "Session", "name": "session_initialization", "dur": 9}


def test_means_leave_the_warm_up_out() -> None:
    trace = [
        LOADED,
        *(_kernel("conv", "Conv", 900), _kernel("relu", "Relu", 90, 1), RUN),
        *(_kernel("conv", "Conv", 10), _kernel("relu", "Relu", 1, 1), RUN),
        *(_kernel("conv", "Conv", 20), _kernel("relu", "Relu", 2, 1), RUN),
    ]
    layers = kernels_of(trace, 1, NOTHING)
    assert [(layer.name, layer.kind, layer.time_us) for layer in layers] == [
        ("conv", "Conv", 15.0),
        ("relu", "Relu", 1.5),
    ]
    assert {layer.processor for layer in layers} == {"cpu"}


def test_nodes_of_one_name_are_told_apart() -> None:
    layers = kernels_of([_kernel("", "Conv", 1, index=3), _kernel("", "Conv", 2, index=4), RUN], 0, NOTHING)
    assert [layer.time_us for layer in layers] == [1.0, 2.0]


def test_a_body_that_loops_counts_every_time_and_its_loop_not_at_all() -> None:
    trace = [_kernel("body", "Add", 5, 1), _kernel("body", "Add", 7, 1), _kernel("loop", "Loop", 14, 2), RUN]
    assert [(layer.name, layer.time_us) for layer in kernels_of(trace, 0, NOTHING)] == [("body", 12.0)]


@pytest.mark.parametrize(
    ("kind", "dtype", "precision"),
    [
        ("Conv", "float", Precision.FP32),
        ("Conv", "float16", Precision.FP16),
        ("QLinearConv", "uint8", Precision.INT8),
        ("QLinearConv", "int8", Precision.INT8),
        ("DynamicQuantizeMatMul", "float", Precision.INT8),
        ("MatMulInteger", "uint8", Precision.INT8),
        ("Gather", "int64", None),
    ],
)
def test_the_precision_is_that_of_the_data(kind: str, dtype: str, precision: Precision | None) -> None:
    (layer,) = kernels_of([_kernel("k", kind, 1, dtype=dtype), RUN], 0, NOTHING)
    assert layer.precision is precision


def test_kernels_without_inputs_have_no_precision() -> None:
    event = _kernel("random", "RandomNormal", 1)
    event["args"]["input_type_shape"] = []
    assert kernels_of([event, RUN], 0, NOTHING)[0].precision is None


@pytest.mark.parametrize(
    "kind", ["Conv", "FusedConv", "QLinearConv", "ConvTranspose", "QGemm", "FusedMatMul"]
)
def test_convolutions_and_matrix_products_are_heavy(kind: str) -> None:
    assert is_heavy(kind)


@pytest.mark.parametrize("kind", ["Relu", "QLinearAdd", "ReorderInput", "Softmax"])
def test_the_rest_is_not(kind: str) -> None:
    assert not is_heavy(kind)
