import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgemeter_agents.runtimes.base import Runtime
from edgemeter_agents.runtimes.fake import FakeRuntime
from edgemeter_agents.testing import DynamicNetwork, RuntimeContract, UnsupportedNetwork


def _file(folder: Path, name: str, **network: object) -> Path:
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"inputs": {"x": [1, 4]}, **network}))
    return file


class TestFake(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return FakeRuntime()

    @pytest.fixture
    def float_network(self, tmp_path: Path) -> Path:
        return _file(tmp_path, "float", latencies_us=[500, 600])

    @pytest.fixture
    def int8_network(self, tmp_path: Path) -> Path:
        return _file(tmp_path, "int8", precision="int8")

    @pytest.fixture
    def dynamic_network(self, tmp_path: Path) -> DynamicNetwork:
        return DynamicNetwork(_file(tmp_path, "dynamic", inputs={"x": [None, 4]}), {"x": (3, 4)})

    @pytest.fixture
    def unsupported_network(self, tmp_path: Path) -> UnsupportedNetwork:
        failure = {"kind": "unsupported_operator", "at": "prepare", "operator": "op"}
        return UnsupportedNetwork(_file(tmp_path, "unsupported", failure=failure), "FakeOp")

    @pytest.fixture
    def malformed_networks(self, tmp_path: Path) -> Sequence[Path]:
        scripted = _file(tmp_path, "scripted", failure={"kind": "malformed", "at": "prepare"})
        unknown = _file(tmp_path, "unknown", failure={"kind": "a surprise"})
        (empty := tmp_path / "empty.json").write_text("")
        (list_ := tmp_path / "list.json").write_text("[1]")
        return [scripted, unknown, empty, list_]
