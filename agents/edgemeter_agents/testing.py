"""The contract suite that proves any runtime, shipped so that third parties can run it over theirs.

    class TestMyRuntime(RuntimeContract):
        @pytest.fixture
        def runtime(self) -> Runtime:
            return MyRuntime()

        @pytest.fixture
        def float_network(self) -> Path:
            return Path("small.onnx")

docs/adding-a-runtime.md walks through it. It needs pytest, which is no dependency of EdgeMeter.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from edgemeter.failures import EdgeMeterError
from edgemeter.graphs.limits import ShapeError
from edgemeter.graphs.reading import read_graph
from edgemeter.kernels.kernel import Kernel
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import (
    Drive,
    MalformedModelError,
    ProfileUnavailableError,
    Runtime,
    Session,
    Settings,
    Tensors,
    UnsupportedOperatorError,
)
from edgemeter_agents.runtimes.driving import repeated
from edgemeter_agents.runtimes.testing import (
    check_affinity,
    check_calling_thread,
    check_forked_child,
    check_in_new_process,
    check_loading_starts_no_thread,
    check_runs,
    inputs_of,
    outputs_of,
    run_and_close,
    thread_count,
)

_PROFILED_RUNS = 5
#: Times of a profile are wrong by a unit, not by noise, when they are that far from the session's.
_WRONG_UNIT = 100.0

#: Layouts in blocks pad channels: a kernel may multiply that much more often than the file says.
_MOST_PADDING = 3.0

_Given = TypeVar("_Given")


@dataclass(frozen=True, slots=True)
class DynamicNetwork:
    """A file that leaves sizes of its inputs open, and shapes that bind them all."""

    file: Path
    shapes: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class UnsupportedNetwork:
    """A sound file with an operator that the runtime has no kernel for."""

    file: Path
    operator_type: str


class RuntimeContract:
    """Override `runtime` and `float_network`; and the others, which skip their tests as they are."""

    @pytest.fixture
    def runtime(self) -> Runtime:
        """The runtime under test. Its class must be importable: some tests use it in new processes."""
        raise NotImplementedError

    @pytest.fixture
    def float_network(self) -> Path:
        """A deterministic fp32 network of fixed shapes that takes 0.1 ms or more.

        Its outputs depend on all of its inputs.
        """
        raise NotImplementedError

    @pytest.fixture
    def int8_network(self) -> Path | None:
        """A network whose heavy operators run in int8."""
        return None

    @pytest.fixture
    def dynamic_network(self) -> DynamicNetwork | None:
        return None

    @pytest.fixture
    def unsupported_network(self) -> UnsupportedNetwork | None:
        return None

    @pytest.fixture
    def malformed_networks(self, float_network: Path, tmp_path: Path) -> Sequence[Path]:
        whole = float_network.read_bytes()
        contents = {
            "empty": b"",
            "truncated": whole[: len(whole) // 2],
            "random": np.random.default_rng(0).bytes(4096),
            "zip": b"PK\x03\x04" + bytes(200),
        }
        return [_written(tmp_path / (name + float_network.suffix), data) for name, data in contents.items()]

    @pytest.fixture
    def session(self, runtime: Runtime, float_network: Path) -> Session:
        runtime.load()
        return runtime.prepare(float_network, Settings(), {})

    # The runtime itself

    def test_describes_itself(self, runtime: Runtime) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9-]*", runtime.name), "the name becomes part of target slugs"
        assert runtime.formats
        assert runtime.precisions
        assert runtime.extra

    def test_tells_its_version_however_often_it_is_loaded(self, runtime: Runtime) -> None:
        version = runtime.load()
        assert re.match(r"\d+\.\d+", version), "targets are told apart by major.minor"
        assert runtime.load() == version

    def test_loading_starts_no_thread(self, runtime: Runtime) -> None:
        check_in_new_process(check_loading_starts_no_thread, runtime)

    def test_the_users_folder_is_left_alone(
        self, runtime: Runtime, float_network: Path, tmp_path: Path
    ) -> None:
        home = tmp_path / "home"
        home.mkdir()
        folders = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        check_in_new_process(check_runs, runtime, float_network, variables=folders)
        assert list(home.iterdir()) == [], "an engine reports or caches something"

    def test_a_child_forked_after_loading_runs_and_ends(self, runtime: Runtime, float_network: Path) -> None:
        check_in_new_process(check_forked_child, runtime, float_network)

    def test_processors_are_left_alone(self, runtime: Runtime, float_network: Path) -> None:
        check_in_new_process(check_affinity, runtime, float_network)

    def test_one_thread_computes_on_the_thread_that_calls(
        self, runtime: Runtime, float_network: Path
    ) -> None:
        check_in_new_process(check_calling_thread, runtime, float_network)

    # Sessions

    def test_specs_are_complete(self, session: Session) -> None:
        assert session.inputs
        assert session.outputs
        names = [spec.name for spec in (*session.inputs, *session.outputs)]
        assert all(names)
        assert all(size > 0 for spec in session.inputs for size in spec.shape)

    def test_outputs_are_as_their_specs_say(self, session: Session) -> None:
        outputs = outputs_of(session, seed=1)
        assert list(outputs) == [spec.name for spec in session.outputs]
        for spec in session.outputs:
            found = outputs[spec.name]
            assert found.dtype == spec.dtype
            assert len(found.shape) == len(spec.shape)
            assert all(stated in (0, size) for stated, size in zip(spec.shape, found.shape, strict=True))

    def test_runs_are_deterministic(self, runtime: Runtime, float_network: Path, session: Session) -> None:
        first = outputs_of(session, seed=1)
        session.run()
        other = runtime.prepare(float_network, Settings(), {})
        _assert_equal(first, session.read())
        _assert_equal(first, outputs_of(other, seed=1))

    def test_outputs_follow_the_inputs(self, session: Session) -> None:
        first, second = outputs_of(session, seed=1), outputs_of(session, seed=2)
        assert any(not np.array_equal(first[name], second[name]) for name in first)
        _assert_equal(first, outputs_of(session, seed=1))

    def test_binding_copies(self, session: Session) -> None:
        inputs = inputs_of(session, seed=1)
        session.bind(inputs)
        session.run()
        expected = session.read()
        for tensor in inputs.values():
            tensor.fill(0)
        session.run()
        _assert_equal(expected, session.read())

    def test_what_was_read_stays_as_it_was(self, session: Session) -> None:
        first = outputs_of(session, seed=1)
        kept = _copied(first)
        outputs_of(session, seed=2)
        _assert_equal(kept, first)

    def test_sessions_are_independent(self, runtime: Runtime, float_network: Path, session: Session) -> None:
        other = runtime.prepare(float_network, Settings(), {})
        first, second = _copied(outputs_of(session, seed=1)), _copied(outputs_of(other, seed=2))
        for alternating in (session, other, session):
            alternating.run()
        _assert_equal(first, session.read())
        _assert_equal(second, other.read())
        other.close()
        session.run()
        _assert_equal(first, session.read())

    def test_closing_twice_is_closing_once(self, session: Session) -> None:
        outputs_of(session, seed=1)
        session.close()
        session.close()

    def test_closed_sessions_leave_no_threads(self, runtime: Runtime, float_network: Path) -> None:
        run_and_close(runtime, float_network)  # an engine may keep one pool for all sessions
        before = thread_count()
        for _ in range(4):
            run_and_close(runtime, float_network)
        assert thread_count() <= before

    def test_a_file_may_be_called_anything(
        self, runtime: Runtime, float_network: Path, session: Session, tmp_path: Path
    ) -> None:
        folder = tmp_path / "a folder, größer"
        folder.mkdir()
        moved = runtime.prepare(_written(folder / "0", float_network.read_bytes()), Settings(), {})
        _assert_equal(outputs_of(session, seed=1), outputs_of(moved, seed=1))

    @pytest.mark.parametrize("fault", ["missing", "unknown", "shape", "type"])
    def test_binding_refuses_tensors_that_do_not_fit(self, session: Session, fault: str) -> None:
        inputs: dict[str, NDArray[np.generic]] = dict(inputs_of(session, seed=1))
        name = session.inputs[0].name
        if fault == "missing":
            del inputs[name]
        elif fault == "unknown":
            name = "no such input"
            inputs[name] = np.zeros(1, np.float32)
        elif fault == "shape":
            inputs[name] = np.zeros((*inputs[name].shape, 2), inputs[name].dtype)
        else:
            inputs[name] = inputs[name].astype(np.complex64)
        with pytest.raises(ValueError, match=re.escape(name)):
            session.bind(inputs)

    # Facts

    @pytest.mark.parametrize("threads", [1, 2])
    def test_threads_are_read_back(self, runtime: Runtime, float_network: Path, threads: int) -> None:
        session = runtime.prepare(float_network, Settings(threads=threads), {})
        assert session.facts().threads in (threads, None), "None is for engines that do not tell"

    def test_facts_are_complete(self, runtime: Runtime, session: Session) -> None:
        facts = session.facts()
        assert facts.runtime == runtime.name
        assert facts.version == runtime.load()
        assert sum(facts.placement.values()) > 0
        assert all(isinstance(value, str) for value in facts.details.values())
        assert facts.precision_executed in (Precision.FP32, None)

    def test_facts_change_no_result(self, session: Session) -> None:
        before = outputs_of(session, seed=1)
        session.facts()
        session.run()
        _assert_equal(before, session.read())

    def test_int8_is_executed_where_the_file_says_so(
        self, runtime: Runtime, int8_network: Path | None
    ) -> None:
        network = _given(int8_network)
        session = runtime.prepare(network, Settings(Precision.INT8), {})
        assert session.facts().precision_executed is Precision.INT8

    def test_a_float_file_asked_for_as_int8_is_not_called_int8(
        self, runtime: Runtime, float_network: Path
    ) -> None:
        if Precision.INT8 not in runtime.precisions:
            pytest.skip("the runtime offers no int8")
        session = runtime.prepare(float_network, Settings(Precision.INT8), {})
        assert session.facts().precision_executed is not Precision.INT8

    def test_refuses_precisions_that_it_does_not_offer(self, runtime: Runtime, float_network: Path) -> None:
        for precision in set(Precision) - runtime.precisions:
            with pytest.raises(ValueError, match=precision):
                runtime.prepare(float_network, Settings(precision), {})

    # What is opened again

    @pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8])
    def test_what_a_session_exports_is_the_same_session(
        self,
        runtime: Runtime,
        float_network: Path,
        int8_network: Path | None,
        tmp_path: Path,
        precision: Precision,
    ) -> None:
        network = float_network if precision is Precision.FP32 else _given(int8_network)
        session = runtime.prepare(network, Settings(precision), {})
        exported = session.exported()
        if exported is None:
            pytest.skip("the runtime's sessions export nothing")
        again = runtime.reopen(_written(tmp_path / "exported", exported), Settings(precision))
        assert (again.inputs, again.outputs) == (session.inputs, session.outputs)
        assert again.facts() == session.facts()
        _assert_equal(outputs_of(session, seed=1), outputs_of(again, seed=1))

    # Profiles

    def test_profile_tells_every_kernel(
        self, runtime: Runtime, float_network: Path, session: Session
    ) -> None:
        inputs = inputs_of(session, seed=1)
        try:
            layers = runtime.profile(float_network, Settings(), {}, inputs, _PROFILED_RUNS)
        except ProfileUnavailableError as reason:
            pytest.skip(str(reason))
        assert all(layer.name and layer.kind and layer.time_us >= 0 for layer in layers)
        assert {layer.processor for layer in layers} <= set(session.facts().placement)
        total_us = sum(layer.time_us for layer in layers)
        usual_us = _run_time_us(session, inputs)
        assert usual_us / _WRONG_UNIT < total_us < usual_us * _WRONG_UNIT

    # Kernels

    def test_kernels_are_told_with_their_sizes(
        self, runtime: Runtime, float_network: Path, session: Session
    ) -> None:
        kernels = _kernels(runtime, float_network, session, None)
        assert all(kernel.name and kernel.kind and kernel.outputs for kernel in kernels)
        assert all(kernel.time_us is None for kernel in kernels), "nobody asked for times"
        stated = _macs(float_network)
        if stated is not None:
            told = sum(kernel.macs for kernel in kernels)
            assert stated <= told <= stated * _MOST_PADDING, "a kernel has wrong sizes, or is missing"

    def test_driven_kernels_are_the_same_with_their_times(
        self, runtime: Runtime, float_network: Path, session: Session
    ) -> None:
        driven = _kernels(runtime, float_network, session, partial(repeated, _PROFILED_RUNS))
        told = _kernels(runtime, float_network, session, None)
        assert [_nameless(kernel) for kernel in driven] == [_nameless(kernel) for kernel in told]
        times_us = [kernel.time_us or 0.0 for kernel in driven]
        assert min(times_us) > 0, "no kernel takes no time: half of what cannot be seen is a guess"
        usual_us = _run_time_us(session, inputs_of(session, seed=1))
        assert usual_us / _WRONG_UNIT < sum(times_us) < usual_us * _WRONG_UNIT

    def test_nothing_is_left_on_disk(
        self, runtime: Runtime, float_network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        network = float_network.resolve()
        folder = tmp_path / "work"
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("TMPDIR", str(folder))
        monkeypatch.setattr("tempfile.tempdir", None)
        session = runtime.prepare(network, Settings(), {})
        session.facts()
        try:
            runtime.profile(network, Settings(), {}, inputs_of(session, seed=1), 1)
            runtime.kernels(network, Settings(), {}, inputs_of(session, seed=1), None)
        except ProfileUnavailableError as reason:
            pytest.skip(str(reason))
        assert list(folder.iterdir()) == []

    # Refusals

    def test_malformed_files_are_refused(self, runtime: Runtime, malformed_networks: Sequence[Path]) -> None:
        runtime.load()
        for network in malformed_networks:
            with pytest.raises(MalformedModelError) as refused:
                runtime.prepare(network, Settings(), {})
            assert str(refused.value)
            _assert_names_no_folder(refused.value, network)

    def test_unsupported_operators_are_named(
        self, runtime: Runtime, unsupported_network: UnsupportedNetwork | None
    ) -> None:
        network = _given(unsupported_network)
        with pytest.raises(UnsupportedOperatorError) as refused:
            runtime.prepare(network.file, Settings(), {})
        assert refused.value.operator_type == network.operator_type
        assert refused.value.operator_name
        _assert_names_no_folder(refused.value, network.file)

    def test_an_unbound_input_is_named_with_the_flag(
        self, runtime: Runtime, dynamic_network: DynamicNetwork | None
    ) -> None:
        network = _given(dynamic_network)
        with pytest.raises(ShapeError) as refused:
            runtime.prepare(network.file, Settings(), {})
        assert "--shape" in str(refused.value)
        assert any(repr(name) in str(refused.value) for name in network.shapes)

    def test_bound_inputs_have_the_asked_shape(
        self, runtime: Runtime, dynamic_network: DynamicNetwork | None
    ) -> None:
        network = _given(dynamic_network)
        session = runtime.prepare(network.file, Settings(), network.shapes)
        assert {spec.name: spec.shape for spec in session.inputs} == dict(network.shapes)
        assert all(output.size for output in outputs_of(session, seed=1).values())

    def test_shapes_of_unknown_inputs_are_refused(self, runtime: Runtime, float_network: Path) -> None:
        with pytest.raises(ShapeError, match="no such input"):
            runtime.prepare(float_network, Settings(), {"no such input": (1,)})

    def test_shapes_that_do_not_fit_are_refused(
        self, runtime: Runtime, float_network: Path, session: Session
    ) -> None:
        fixed = session.inputs[0]
        with pytest.raises(ShapeError, match=re.escape(fixed.name)):
            runtime.prepare(float_network, Settings(), {fixed.name: (*fixed.shape, 7)})


def _copied(tensors: Tensors) -> dict[str, NDArray[np.generic]]:
    return {name: tensor.copy() for name, tensor in tensors.items()}


def _run_time_us(session: Session, inputs: Tensors) -> float:
    session.bind(inputs)
    for _ in range(_PROFILED_RUNS):
        session.run()
    start = time.process_time()
    for _ in range(_PROFILED_RUNS):
        session.run()
    return (time.process_time() - start) / _PROFILED_RUNS * 1e6


def _kernels(runtime: Runtime, file: Path, session: Session, drive: Drive | None) -> Sequence[Kernel]:
    try:
        found = runtime.kernels(file, Settings(), {}, inputs_of(session, seed=1), drive)
    except ProfileUnavailableError as reason:
        pytest.skip(str(reason))
    assert found
    return found


def _nameless(kernel: Kernel) -> Kernel:
    """Without what may differ between two sessions: names that an engine makes up, and times."""
    return replace(kernel, name="", time_us=None)


def _macs(file: Path) -> int | None:
    """None for a format that only the runtime reads."""
    try:
        return read_graph(file).macs
    except EdgeMeterError:
        return None


def _assert_equal(expected: Tensors, found: Tensors) -> None:
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(tensor, found[name])


def _assert_names_no_folder(error: Exception, network: Path) -> None:
    assert str(network.parent) not in str(error)


def _given(value: _Given | None) -> _Given:
    if value is None:
        pytest.skip("the suite was given no such network")
    return value


def _written(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file
