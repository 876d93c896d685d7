import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pytest

from edgemeter_agents.runtimes import fake
from edgemeter_agents.runtimes.base import (
    MalformedModelError,
    ProfileUnavailableError,
    Session,
    Settings,
    UnsupportedOperatorError,
)
from edgemeter_agents.runtimes.fake import FakeRuntime

FakeNetwork = Callable[..., Path]


@pytest.fixture
def spent_us(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    spent: list[float] = []
    monkeypatch.setattr(fake, "_spend", spent.append)
    return spent


def _session(file: Path) -> Session:
    session = FakeRuntime().prepare(file, Settings(), {})
    session.bind({"x": np.ones((1, 4), np.float32)})
    return session


def test_latencies_repeat(fake_network: FakeNetwork, spent_us: list[float]) -> None:
    session = _session(fake_network(latencies_us=[10, 20], prepare_us=7))
    for _ in range(5):
        session.run()
    assert spent_us == [7, 10, 20, 10, 20, 10]


def test_the_first_run_may_differ(fake_network: FakeNetwork, spent_us: list[float]) -> None:
    session = _session(fake_network(latencies_us=[10], first_latency_us=500))
    for _ in range(3):
        session.run()
    assert spent_us[1:] == [500, 10, 10]


def test_drift_grows_with_every_run(fake_network: FakeNetwork, spent_us: list[float]) -> None:
    session = _session(fake_network(latencies_us=[100], drift_per_run=0.5))
    for _ in range(3):
        session.run()
    assert spent_us[1:] == pytest.approx([100, 150, 225])


def test_outputs_are_the_sum_of_the_inputs(fake_network: FakeNetwork) -> None:
    session = _session(fake_network(outputs={"y": [2]}, latencies_us=[0]))
    session.run()
    np.testing.assert_array_equal(session.read()["y"], [4, 4])


def test_a_profile_follows_the_shares(fake_network: FakeNetwork, spent_us: list[float]) -> None:
    operators = [{"name": "a", "share": 3}, {"name": "b", "type": "Relu", "share": 1}]
    file = fake_network(latencies_us=[30, 50], operators=operators)
    layers = FakeRuntime().profile(file, Settings(), {}, {"x": np.ones((1, 4), np.float32)}, 2)
    assert [(layer.name, layer.kind, layer.time_us) for layer in layers] == [
        ("a", "Conv", 30.0),
        ("b", "Relu", 10.0),
    ]


def test_a_script_may_have_no_profile(fake_network: FakeNetwork) -> None:
    with pytest.raises(ProfileUnavailableError):
        FakeRuntime().profile(fake_network(profile=False), Settings(), {}, {}, 1)


def test_failures_wait_for_their_run(fake_network: FakeNetwork) -> None:
    session = _session(fake_network(latencies_us=[0], failure={"kind": "raise", "after_runs": 2}))
    session.run()
    session.run()
    with pytest.raises(RuntimeError, match="as its script says"):
        session.run()


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("unsupported_operator", UnsupportedOperatorError),
        ("malformed", MalformedModelError),
        ("raise", RuntimeError),
    ],
)
def test_preparing_may_fail(fake_network: FakeNetwork, kind: str, raised: type[Exception]) -> None:
    file = fake_network(failure={"kind": kind, "at": "prepare", "operator": "op"})
    with pytest.raises(raised):
        FakeRuntime().prepare(file, Settings(), {})


def test_memory_is_taken_once(fake_network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake, "_EATEN", [])
    session = _session(fake_network(latencies_us=[0], failure={"kind": "eat_memory", "megabytes": 3}))
    session.run()
    session.run()
    assert [len(piece) for piece in fake._EATEN] == [1 << 20] * 3


def _run_in_child(file: Path) -> multiprocessing.Process:
    """Started, and about to run."""
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    child = spawn.Process(target=_run_once, args=(file, ready))
    child.start()
    assert ready.wait(60)
    return child


def _run_once(file: Path, ready: Event) -> None:
    session = _session(file)
    ready.set()
    session.run()


def test_a_crash_is_a_segmentation_fault(fake_network: FakeNetwork) -> None:
    child = _run_in_child(fake_network(failure={"kind": "crash"}))
    child.join(60)
    assert child.exitcode == -signal.SIGSEGV


@pytest.mark.parametrize("kind", ["hang", "spin"])
def test_a_hang_lasts_until_it_is_killed(fake_network: FakeNetwork, kind: str) -> None:
    child = _run_in_child(fake_network(failure={"kind": kind}))
    child.join(0.2)
    assert child.exitcode is None
    child.kill()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"inputs": 3}', '{"inputs": {}, "failure": {"kind": "crash", "at": "noon"}}', "\xff"],
)
def test_what_is_no_network_is_malformed(tmp_path: Path, text: str) -> None:
    (file := tmp_path / "network.json").write_text(text)
    with pytest.raises(MalformedModelError):
        FakeRuntime().prepare(file, Settings(), {})
