"""Runtimes with one planted fault each: the shipped contract suite must find every one."""

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgemeter.kernels.kernel import Kernel
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import (
    Drive,
    Facts,
    LayerTime,
    MalformedModelError,
    Session,
    Settings,
    Tensors,
)
from edgemeter_agents.runtimes.fake import FakeRuntime, FakeSession
from edgemeter_agents.testing import RuntimeContract

Shapes = Mapping[str, tuple[int, ...]]


class _Faulty(FakeRuntime):
    """Prepares sessions of `session`; everything else is as it should be."""

    session = FakeSession

    def prepare(self, file: Path, settings: Settings, shapes: Shapes) -> Session:
        session = super().prepare(file, settings, shapes)
        session.__class__ = self.session
        return session


class _Shared(FakeSession):
    """All sessions read what was bound last, and reading hands out one array."""

    latest = np.zeros(1, np.float32)

    def bind(self, inputs: Tensors) -> None:
        super().bind(inputs)
        _Shared.latest[:] = self._sum

    def read(self) -> dict[str, NDArray[np.generic]]:
        return {"y": _Shared.latest}


class _Referring(FakeSession):
    def bind(self, inputs: Tensors) -> None:
        super().bind(inputs)
        self.given = inputs

    def run(self) -> None:
        super().run()
        self._sum = float(sum(np.sum(tensor) for tensor in self.given.values()))


class _Deaf(FakeSession):
    def bind(self, inputs: Tensors) -> None:
        super().bind(inputs)
        self._sum = 1.0


class _Random(FakeSession):
    def run(self) -> None:
        super().run()
        self._sum = float(np.random.default_rng().random())


class _Lenient(FakeSession):
    def bind(self, inputs: Tensors) -> None:
        self._sum = float(sum(tensor.size for tensor in inputs.values()))


class _Boasting(FakeSession):
    def facts(self) -> Facts:
        return replace(super().facts(), threads=8, precision_executed=Precision.INT8, version="0.0")


class _Reshaping(FakeSession):
    def read(self) -> dict[str, NDArray[np.generic]]:
        return {"y": np.zeros((7, 7), np.float64)}


class _Leaking(_Faulty):
    def prepare(self, file: Path, settings: Settings, shapes: Shapes) -> Session:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        return super().prepare(file, settings, shapes)


class _Nanoseconds(_Faulty):
    def profile(
        self, file: Path, settings: Settings, shapes: Shapes, inputs: Tensors, runs: int
    ) -> Sequence[LayerTime]:
        layers = super().profile(file, settings, shapes, inputs, runs)
        return [replace(layer, time_us=layer.time_us * 1e3) for layer in layers]


class _Timeless(_Faulty):
    def kernels(
        self, file: Path, settings: Settings, shapes: Shapes, inputs: Tensors, _: Drive | None
    ) -> Sequence[Kernel]:
        kernels = super().kernels(file, settings, shapes, inputs, None)
        return [replace(kernel, time_us=0.0) for kernel in kernels]


class _Littering(_Faulty):
    def prepare(self, file: Path, settings: Settings, shapes: Shapes) -> Session:
        Path("profile.json").write_text("{}")
        return super().prepare(file, settings, shapes)


class _Obliging(_Faulty):
    precisions = frozenset(Precision) - {Precision.BF16}

    def prepare(self, file: Path, settings: Settings, shapes: Shapes) -> Session:
        known = {name: shape for name, shape in shapes.items() if name == "x" and len(shape) == 2}
        return super().prepare(file, replace(settings, precision=Precision.FP32), known)


class _Indiscreet(_Faulty):
    def prepare(self, file: Path, settings: Settings, shapes: Shapes) -> Session:
        try:
            return super().prepare(file, settings, shapes)
        except MalformedModelError as error:
            raise MalformedModelError(f"{file}: {error}") from None


def _with(session: type[FakeSession]) -> _Faulty:
    runtime = _Faulty()
    runtime.session = session
    return runtime


FAULTS: list[tuple[str, Callable[[], FakeRuntime]]] = [
    ("test_sessions_are_independent", lambda: _with(_Shared)),
    ("test_what_was_read_stays_as_it_was", lambda: _with(_Shared)),
    ("test_binding_copies", lambda: _with(_Referring)),
    ("test_outputs_follow_the_inputs", lambda: _with(_Deaf)),
    ("test_runs_are_deterministic", lambda: _with(_Random)),
    ("test_binding_refuses_tensors_that_do_not_fit", lambda: _with(_Lenient)),
    ("test_threads_are_read_back", lambda: _with(_Boasting)),
    ("test_facts_are_complete", lambda: _with(_Boasting)),
    ("test_a_float_file_asked_for_as_int8_is_not_called_int8", lambda: _with(_Boasting)),
    ("test_outputs_are_as_their_specs_say", lambda: _with(_Reshaping)),
    ("test_closed_sessions_leave_no_threads", _Leaking),
    ("test_profile_tells_every_kernel", _Nanoseconds),
    ("test_kernels_are_told_with_their_sizes", _Timeless),
    ("test_driven_kernels_are_the_same_with_their_times", _Timeless),
    ("test_nothing_is_left_on_disk", _Littering),
    ("test_refuses_precisions_that_it_does_not_offer", _Obliging),
    ("test_shapes_of_unknown_inputs_are_refused", _Obliging),
    ("test_shapes_that_do_not_fit_are_refused", _Obliging),
    ("test_malformed_files_are_refused", _Indiscreet),
]


@pytest.mark.parametrize(
    ("name", "faulty"), FAULTS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(FAULTS)]
)
def test_a_planted_fault_is_found(
    name: str,
    faulty: Callable[[], FakeRuntime],
    fake_network: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = fake_network(latencies_us=[1_000])
    monkeypatch.chdir(tmp_path)
    _call(name, FakeRuntime(), network, tmp_path / "sound", monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        _call(name, faulty(), network, tmp_path / "faulty", monkeypatch)


def _call(
    name: str, runtime: FakeRuntime, network: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    (empty := folder / "empty.json").write_text("")
    offered = {
        "runtime": runtime,
        "float_network": network,
        "malformed_networks": [empty],
        "tmp_path": folder,
        "monkeypatch": monkeypatch,
        "threads": 2,
        "fault": "type",
    }
    test = getattr(RuntimeContract(), name)
    wanted = inspect.signature(test).parameters
    if "session" in wanted:
        offered["session"] = runtime.prepare(network, Settings(), {})
    test(**{parameter: offered[parameter] for parameter in wanted})
