from collections.abc import Callable
from pathlib import Path

import pytest

from edgemeter.targets import Precision
from edgemeter_agents.networks import demos
from edgemeter_agents.runtimes.base import Format, Runtime, Settings
from edgemeter_agents.runtimes.litert import LiteRt
from edgemeter_agents.testing import DynamicNetwork, RuntimeContract, UnsupportedNetwork


class TestLiteRt(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return LiteRt()

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
        session = LiteRt().prepare(tflite_file(signature=(-1, 8, 8, 3)), Settings(), {})
        assert [spec.shape for spec in session.inputs] == [(1, 8, 8, 3)]
