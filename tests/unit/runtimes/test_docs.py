"""The adapter that docs/adding-a-runtime.md prints works as printed."""

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgemeter.graphs.limits import ShapeError
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import Runtime, Settings, UnsupportedOperatorError

PAGE = Path(__file__).parents[3] / "docs/adding-a-runtime.md"


class EngineError(Exception):
    """What the made-up engine raises."""


class Network:
    """The made-up engine: doubles its input, and has no kernel for files called `fancy`."""

    def __init__(self, path: str, threads: int) -> None:
        if "fancy" in path:
            raise EngineError("no kernel for Fancy (node fancy_1)")
        self.threads = threads
        self.inputs = [SimpleNamespace(name="x", shape=["batch", 4], dtype="float32")]
        self.outputs = [SimpleNamespace(name="y", shape=[0, 4], dtype="float32")]

    def infer(self, inputs: list[Any]) -> list[Any]:
        return [inputs[0] * 2]

    def kernels(self) -> list[Any]:
        return [SimpleNamespace(kind="conv", dtype="int8"), SimpleNamespace(kind="relu", dtype="float32")]


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    engine = ModuleType("tinyengine")
    vars(engine).update(__version__="1.2.3", Network=Network, Error=EngineError)
    monkeypatch.setitem(sys.modules, "tinyengine", engine)
    (adapter, *_) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    module: dict[str, Any] = {}
    exec(adapter, module)  # noqa: S102  our own page
    made = module["TinyRuntime"]()
    assert isinstance(made, Runtime)
    return made


def test_it_runs(runtime: Runtime) -> None:
    session = runtime.prepare(Path("net"), Settings(Precision.INT8, threads=3), {"x": (2, 4)})
    session.bind({"x": np.ones((2, 4), np.float32)})
    session.run()
    np.testing.assert_array_equal(session.read()["y"], np.full((2, 4), 2))
    facts = session.facts()
    assert (facts.precision_executed, facts.threads, facts.version) == (Precision.INT8, 3, "1.2.3")
    session.close()
    session.close()


def test_it_refuses(runtime: Runtime) -> None:
    with pytest.raises(ShapeError, match="--shape x=1,4"):
        runtime.prepare(Path("net"), Settings(), {})
    with pytest.raises(UnsupportedOperatorError) as refused:
        runtime.prepare(Path("fancy"), Settings(), {})
    assert (refused.value.operator_type, refused.value.operator_name) == ("Fancy", "fancy_1")
