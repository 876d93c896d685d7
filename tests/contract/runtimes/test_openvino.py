import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgemeter.targets import Precision
from edgemeter_agents.networks import demos
from edgemeter_agents.runtimes.base import Format, Runtime, Settings
from edgemeter_agents.runtimes.openvino import OpenVino
from edgemeter_agents.testing import DynamicNetwork, RuntimeContract, UnsupportedNetwork


class OpenVinoContract(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return OpenVino()

    def test_reports_nothing_when_imported(self, runtime: Runtime) -> None:
        runtime.load()
        assert "openvino_telemetry" not in sys.modules

    def test_float_types_are_proved(self, runtime: Runtime, float_network: Path) -> None:
        """Computes in what was asked, or refuses: never silently in another type."""
        for precision in (Precision.BF16, Precision.FP16):
            try:
                session = runtime.prepare(float_network, Settings(precision), {})
            except ValueError as error:
                assert "on this processor" in str(error)  # noqa: PT017  either is right
            else:
                assert session.facts().precision_executed is precision


class TestOpenVinoWithOnnx(OpenVinoContract):
    @pytest.fixture
    def float_network(self) -> Path:
        return demos(Format.ONNX, Precision.FP32)[1].path

    @pytest.fixture
    def int8_network(self) -> Path:
        return demos(Format.ONNX, Precision.INT8)[1].path

    @pytest.fixture
    def dynamic_network(self, onnx_file: Callable[..., Path]) -> DynamicNetwork:
        return DynamicNetwork(onnx_file("Relu", shape=("batch", 3, 8, 8)), {"x": (2, 3, 8, 8)})

    @pytest.fixture
    def unsupported_network(self, onnx_file: Callable[..., Path]) -> UnsupportedNetwork:
        return UnsupportedNetwork(onnx_file("Relu", "Fancy"), "Fancy")


class TestOpenVinoWithTflite(OpenVinoContract):
    @pytest.fixture
    def float_network(self) -> Path:
        return demos(Format.TFLITE, Precision.FP32)[1].path

    @pytest.fixture
    def int8_network(self) -> Path:
        return demos(Format.TFLITE, Precision.INT8)[1].path

    @pytest.fixture
    def dynamic_network(self, tflite_file: Callable[..., Path]) -> DynamicNetwork:
        return DynamicNetwork(tflite_file(signature=(-1, -1, -1, 3)), {"x": (2, 16, 4, 3)})

    @pytest.fixture
    def unsupported_network(self, tflite_file: Callable[..., Path]) -> UnsupportedNetwork:
        return UnsupportedNetwork(tflite_file(custom="Fancy"), "Fancy")

    def test_an_open_batch_is_the_one_that_the_file_holds(self, tflite_file: Callable[..., Path]) -> None:
        session = OpenVino().prepare(tflite_file(signature=(-1, 8, 8, 3)), Settings(), {})
        assert [spec.shape for spec in session.inputs] == [(1, 8, 8, 3)]
