import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from edgemeter_agents.runtimes import registry
from edgemeter_agents.runtimes.fake import FakeRuntime
from edgemeter_agents.runtimes.registry import (
    GROUP,
    MissingEngineError,
    RuntimeRegistryError,
    engine_version,
    registered,
    resolve,
)

FAKE = "edgemeter_agents.runtimes.fake:FakeRuntime"


def _register(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> None:
    points = [EntryPoint(name, value, GROUP) for name, value in entries]
    monkeypatch.setattr(registry, "entry_points", lambda **_: points)


def test_the_shipped_runtimes_are_registered() -> None:
    assert {"litert", "onnxruntime", "openvino"} <= set(registered())
    assert all(name == runtime.name for name, runtime in registered().items())


def test_the_fake_is_not_registered_but_can_be_named() -> None:
    assert "fake" not in registered()
    assert isinstance(resolve(FAKE), FakeRuntime)


def test_finding_runtimes_imports_no_engine() -> None:
    program = (
        "import sys; from edgemeter_agents.runtimes.registry import registered; registered();"
        "engines = {'onnxruntime', 'openvino', 'ai_edge_litert', 'onnx'}; print(engines & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_unknown_runtime_is_told_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    _register(monkeypatch, ("fake", FAKE))
    with pytest.raises(RuntimeRegistryError, match=r"no runtime 'nonsuch'; there are: fake"):
        resolve("nonsuch")


def test_one_distribution_seen_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    _register(monkeypatch, ("fake", FAKE), ("fake", FAKE))
    assert list(registered()) == ["fake"]


def test_two_packages_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _register(monkeypatch, ("fake", FAKE), ("fake", "somebody.elses:Runtime"))
    with pytest.raises(RuntimeRegistryError, match=r"two packages register a runtime 'fake'.*remove one"):
        registered()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("other", FAKE, "registered as 'other' but calls itself 'fake'"),
        ("fake", "no.such.module:Runtime", "cannot be imported"),
        ("fake", "edgemeter_agents.runtimes.fake:NoSuchClass", "cannot be imported"),
        ("fake", "builtins:dict", "is not an edgemeter_agents.runtimes.base.Runtime"),
    ],
)
def test_what_is_registered_wrongly_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    _register(monkeypatch, (name, value))
    with pytest.raises(RuntimeRegistryError, match=told):
        registered()


def test_a_missing_engine_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(_: FakeRuntime) -> str:
        raise ImportError("No module named 'fake_engine'")

    monkeypatch.setattr(FakeRuntime, "load", not_installed)
    with pytest.raises(MissingEngineError, match=r"pip install 'edgemeter\[agent-fake\]'"):
        engine_version(FakeRuntime())


def test_an_installed_engine_tells_its_version() -> None:
    assert engine_version(FakeRuntime()) == "1.0.0"
