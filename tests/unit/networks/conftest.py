"""Inputs and outputs of a shipped network on any engine, in one layout and in real numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgemeter_agents.networks import ShippedNetwork
from edgemeter_agents.runtimes.base import Format

Floats = NDArray[np.float32]
Run = Callable[[ShippedNetwork, Floats], Floats]


@pytest.fixture(scope="session")
def pictures() -> Callable[[int], Floats]:
    """(16, size, size, 3): patches that differ in colour cast and contrast, not the calibration's."""

    def make(size: int) -> Floats:
        random = np.random.default_rng(3)
        patches = random.uniform(-0.4, 0.4, (16, 4, 4, 3)).repeat(size // 4, 1).repeat(size // 4, 2)
        contrast = random.uniform(0, 1, (16, 1, 1, 1))
        cast = random.uniform(-0.5, 0.5, (16, 1, 1, 3))
        return (cast + contrast * patches).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def interpreter() -> Callable[[ShippedNetwork], Any]:
    litert = pytest.importorskip("ai_edge_litert.interpreter")

    def load(network: ShippedNetwork) -> Any:
        engine = litert.Interpreter(model_path=str(network.path), num_threads=1)
        engine.allocate_tensors()
        return engine

    return load


@pytest.fixture(scope="session")
def run_onnxruntime() -> Run:
    onnxruntime = pytest.importorskip("onnxruntime")

    def run(network: ShippedNetwork, batch: Floats) -> Floats:
        assert network.format is Format.ONNX
        session = onnxruntime.InferenceSession(network.path, providers=["CPUExecutionProvider"])
        return np.concatenate([session.run(["classes"], {"image": x})[0] for x in _channels_first(batch)])

    return run


@pytest.fixture(scope="session")
def run_openvino() -> Run:
    openvino = pytest.importorskip("openvino")

    def run(network: ShippedNetwork, batch: Floats) -> Floats:
        compiled = openvino.Core().compile_model(network.path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return np.concatenate([compiled({"image": x})["classes"] for x in _channels_first(batch)])

    return run


@pytest.fixture(scope="session")
def run_litert(interpreter: Callable[[ShippedNetwork], Any]) -> Run:
    def run(network: ShippedNetwork, batch: Floats) -> Floats:
        engine = interpreter(network)
        (source,), (result,) = engine.get_input_details(), engine.get_output_details()
        outputs = []
        for x in batch:
            engine.set_tensor(source["index"], _stored(x[np.newaxis], source))
            engine.invoke()
            outputs.append(_real(engine.get_tensor(result["index"]), result))
        return np.concatenate(outputs)

    return run


def _channels_first(batch: Floats) -> list[Floats]:
    return [np.ascontiguousarray(x[np.newaxis].transpose(0, 3, 1, 2)) for x in batch]


def _stored(values: Floats, tensor: dict[str, Any]) -> NDArray[Any]:
    if tensor["dtype"] is np.float32:
        return values
    scale, zero = tensor["quantization"]
    return np.clip(np.round(values / scale) + zero, -128, 127).astype(tensor["dtype"])


def _real(values: NDArray[Any], tensor: dict[str, Any]) -> Floats:
    if tensor["dtype"] is np.float32:
        return values
    scale, zero = tensor["quantization"]
    return ((values.astype(np.float32) - zero) * scale).astype(np.float32)
