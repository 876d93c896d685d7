from collections.abc import Callable
from pathlib import Path

import pytest

from edgemeter.targets import Precision
from edgemeter_agents.networks import demos
from edgemeter_agents.runtimes.base import Format, Runtime
from edgemeter_agents.runtimes.onnxruntime import OnnxRuntime
from edgemeter_agents.testing import DynamicNetwork, RuntimeContract, UnsupportedNetwork


class TestOnnxRuntime(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return OnnxRuntime()

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
