"""All files of one network compute the same function, on every engine, in the precision they promise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgemeter.targets import Precision
from edgemeter_agents.networks import SHIPPED, ShippedNetwork, anchors, demos
from edgemeter_agents.runtimes.base import Format

Floats = NDArray[np.float32]
Run = Callable[[ShippedNetwork, Floats], Floats]

NAMES = [n.name for choose in (demos, anchors) for n in choose(Format.ONNX, Precision.FP32)]
SIZES = {"mobile": 128, "residual": 96, "anchor_light": 112, "anchor_heavy": 160}


def shipped(name: str, format_: Format, precision: Precision) -> ShippedNetwork:
    (found,) = (n for n in SHIPPED if (n.name, n.format, n.precision) == (name, format_, precision))
    return found


def ids(network: ShippedNetwork) -> str:
    return network.path.name


def centred_cosine(left: Floats, right: Floats) -> float:
    """Of what differs between the inputs: a constant answer would score nothing."""
    left, right = left - left.mean(axis=0), right - right.mean(axis=0)
    return float((left * right).sum() / (np.linalg.norm(left) * np.linalg.norm(right)))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def batch(name: str, pictures: Callable[[int], Floats]) -> Floats:
    return pictures(SIZES[name])


@pytest.fixture
def reference(name: str, batch: Floats, run_onnxruntime: Run) -> Floats:
    return run_onnxruntime(shipped(name, Format.ONNX, Precision.FP32), batch)


def test_outputs_are_finite_and_tell_inputs_apart(reference: Floats) -> None:
    assert np.isfinite(reference).all()
    between_inputs = reference.std(axis=0).mean()
    assert between_inputs > 0.3 * np.abs(reference).mean()
    distances = np.linalg.norm(reference[:, None] - reference[None], axis=2)
    assert distances[~np.eye(len(reference), dtype=bool)].min() > 1e-3


def test_float_files_agree_on_all_engines(
    name: str, batch: Floats, reference: Floats, run_openvino: Run, run_litert: Run
) -> None:
    openvino = run_openvino(shipped(name, Format.ONNX, Precision.FP32), batch)
    litert = run_litert(shipped(name, Format.TFLITE, Precision.FP32), batch)
    np.testing.assert_allclose(openvino, reference, atol=1e-4)
    np.testing.assert_allclose(litert, reference, atol=1e-4)
    assert centred_cosine(openvino, reference) >= 0.999
    assert centred_cosine(litert, reference) >= 0.999


def test_int8_files_stay_close_to_float_on_all_engines(
    name: str, batch: Floats, reference: Floats, run_onnxruntime: Run, run_openvino: Run, run_litert: Run
) -> None:
    onnx, tflite = (shipped(name, f, Precision.INT8) for f in (Format.ONNX, Format.TFLITE))
    assert centred_cosine(run_onnxruntime(onnx, batch), reference) >= 0.97
    assert centred_cosine(run_openvino(onnx, batch), reference) >= 0.97
    assert centred_cosine(run_litert(tflite, batch), reference) >= 0.97


@pytest.mark.parametrize(
    "network", [n for n in SHIPPED if n.precision is Precision.INT8 and n.format is Format.ONNX], ids=ids
)
def test_openvino_runs_every_convolution_in_int8(network: ShippedNetwork) -> None:
    openvino = pytest.importorskip("openvino")
    compiled = openvino.Core().compile_model(network.path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    if "INT8" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no int8 kernels in OpenVINO")
    operators = [_runtime_facts(o) for o in compiled.get_runtime_model().get_ordered_ops()]
    heavy = [precision for kind, precision in operators if kind in ("Convolution", "FullyConnected")]
    assert len(heavy) >= 6
    assert set(heavy) <= {"u8", "i8"}


def _runtime_facts(operator: Any) -> tuple[str, str]:
    facts = operator.get_rt_info()
    return facts["layerType"].astype(str), facts["runtimePrecision"].astype(str)


@pytest.mark.parametrize("network", [n for n in SHIPPED if n.format is Format.TFLITE], ids=ids)
def test_xnnpack_takes_the_whole_network(
    network: ShippedNetwork, interpreter: Callable[[ShippedNetwork], Any]
) -> None:
    operators = [o["op_name"] for o in interpreter(network)._get_ops_details()]
    assert operators.count("DELEGATE") == 1
    assert "TRANSPOSE" not in operators
