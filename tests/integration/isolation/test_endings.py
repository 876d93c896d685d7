"""However a child ends, the parent is told how and goes on."""

import signal
from dataclasses import replace

import pytest

from edgemeter.failures import FailureKind
from edgemeter.isolation import Confinement, EndedError, Ending, Limits, Nursery
from edgemeter.isolation.limits import MIB

FATAL = (
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGHUP,
    signal.SIGILL,
    signal.SIGINT,
    signal.SIGKILL,
    signal.SIGPIPE,
    signal.SIGQUIT,
    signal.SIGSEGV,
    signal.SIGSYS,
    signal.SIGTERM,
    signal.SIGTRAP,
)
BRIEF = Limits(wall_s=20, cpu_s=20)


def test_a_task_that_returns(nursery: Nursery) -> None:
    with nursery.start("hostile:echo", {"a": [1, 2.5, None, "ü"]}) as child:
        assert child.receive() == {"a": [1, 2.5, None, "ü"]}
        outcome = child.wait()
    assert (outcome.ending, outcome.exit_code, outcome.failure()) == (Ending.EXITED, 0, None)


@pytest.mark.parametrize("number", FATAL, ids=lambda number: number.name)
def test_every_fatal_signal(nursery: Nursery, number: signal.Signals) -> None:
    with nursery.start("hostile:die_by", number, BRIEF) as child:
        assert list(child.messages()) == ["before"]
        outcome = child.wait()
    failure = outcome.failure("the reader")
    assert (outcome.ending, outcome.signal) == (Ending.KILLED, number.name)
    assert failure is not None
    assert failure.kind is FailureKind.RUNTIME_ERROR
    assert number.name in failure.message


def test_abort(nursery: Nursery) -> None:
    with nursery.start("hostile:abort", None, BRIEF) as child:
        assert child.wait().signal == "SIGABRT"


@pytest.mark.parametrize(("task", "code"), [("exit_with", 3), ("exit_hard", 7), ("exit_hard", 255)])
def test_exit_codes(nursery: Nursery, task: str, code: int) -> None:
    with nursery.start(f"hostile:{task}", code, BRIEF) as child:
        outcome = child.wait()
    failure = outcome.failure()
    assert (outcome.ending, outcome.exit_code) == (Ending.EXITED, code)
    assert failure is not None
    assert str(code) in failure.message


def test_a_failure_that_is_raised_arrives_whole_and_harmless(nursery: Nursery) -> None:
    with nursery.start("hostile:raise_failure", None, BRIEF) as child:
        failure = child.wait().failure()
    assert failure is not None
    assert (failure.kind, failure.message) == (FailureKind.UNSUPPORTED_OP, "no kernel")
    assert (failure.operator_name, failure.operator_type) == ("node\\x1b[31m", "Foo")


def test_any_other_exception_loses_its_paths(nursery: Nursery) -> None:
    with nursery.start("hostile:raise_error", "no /usr/lib/x/y.so here", BRIEF) as child:
        failure = child.wait().failure()
    assert failure is not None
    assert (failure.kind, failure.message) == (FailureKind.RUNTIME_ERROR, "RuntimeError: no y.so here")


def test_memory_error(nursery: Nursery) -> None:
    with nursery.start("hostile:raise_memory_error", None, BRIEF) as child:
        failure = child.wait().failure()
    assert failure is not None
    assert failure.kind is FailureKind.OUT_OF_MEMORY


def test_a_hang_ends_at_the_wall_limit(nursery: Nursery) -> None:
    with nursery.start("hostile:hang", None, replace(BRIEF, wall_s=0.4)) as child:
        outcome = child.wait()
    failure = outcome.failure()
    assert outcome.ending is Ending.WALL_TIME
    assert outcome.wall_s >= 0.4
    assert failure is not None
    assert failure.kind is FailureKind.TIMEOUT


def test_a_busy_loop_ends_at_the_processor_limit(nursery: Nursery) -> None:
    with nursery.start("hostile:spin", None, replace(BRIEF, wall_s=60, cpu_s=0.3)) as child:
        outcome = child.wait()
    failure = outcome.failure()
    assert outcome.ending is Ending.CPU_TIME
    assert outcome.cpu_s >= 0.3
    assert failure is not None
    assert failure.kind is FailureKind.TIMEOUT


def test_a_memory_eater_ends_at_the_memory_limit(nursery: Nursery) -> None:
    with nursery.start("hostile:eat_memory", None, replace(BRIEF, memory_bytes=200 * MIB)) as child:
        outcome = child.wait()
    failure = outcome.failure()
    assert outcome.ending is Ending.MEMORY
    assert outcome.peak_memory_bytes > 200 * MIB
    assert failure is not None
    assert failure.kind is FailureKind.OUT_OF_MEMORY


def test_too_many_threads(nursery: Nursery) -> None:
    with nursery.start("hostile:start_threads", 60, replace(BRIEF, threads=40)) as child:
        assert child.wait().ending is Ending.PROCESSES


def test_threads_within_the_limit_are_let_be(nursery: Nursery) -> None:
    limits = replace(BRIEF, threads=40, wall_s=0.5)
    with nursery.start("hostile:start_threads", 20, limits) as child:
        assert child.wait().ending is Ending.WALL_TIME


def test_a_second_process_is_refused_by_the_kernel(nursery: Nursery) -> None:
    with nursery.start("hostile:fork_once", None, BRIEF) as child:
        if not child.achieved.seccomp:
            pytest.skip("no seccomp here")
        assert "refused" in child.receive()
        assert child.wait().ending is Ending.EXITED


def test_a_second_process_is_found_where_the_kernel_lets_it(nursery: Nursery) -> None:
    with nursery.start("hostile:fork_once", None, BRIEF, Confinement(seccomp=False)) as child:
        assert child.wait().ending is Ending.PROCESSES


@pytest.mark.parametrize("seccomp", [True, False])
def test_a_fork_bomb(nursery: Nursery, seccomp: bool) -> None:
    limits = replace(BRIEF, processes=20, wall_s=10)
    with nursery.start("hostile:fork_bomb", None, limits, Confinement(seccomp=seccomp)) as child:
        assert child.wait().ending is Ending.PROCESSES


def test_the_parent_cancels(nursery: Nursery) -> None:
    with nursery.start("hostile:hang", None, BRIEF) as child:
        child.receive()
        outcome = child.kill()
        assert child.kill() == outcome
    failure = outcome.failure()
    assert outcome.ending is Ending.CANCELLED
    assert failure is not None
    assert failure.kind is FailureKind.CANCELLED


def test_the_parent_cancels_after_the_end(nursery: Nursery) -> None:
    with nursery.start("hostile:echo", 1) as child:
        outcome = child.wait()
        assert child.kill() == outcome


def test_waiting_too_briefly_changes_nothing(nursery: Nursery) -> None:
    with nursery.start("hostile:hang", None, BRIEF) as child:
        child.receive()
        with pytest.raises(TimeoutError):
            child.receive(0.01)
        with pytest.raises(TimeoutError):
            child.wait(0.01)
        assert child.kill().ending is Ending.CANCELLED
        with pytest.raises(EndedError):
            child.receive()


def test_files_end_at_their_limit(nursery: Nursery, private_folder: Confinement) -> None:
    assert private_folder.folder is not None
    payload = {"path": str(private_folder.folder / "big"), "mib": 3}
    limits = replace(BRIEF, file_size_bytes=2 * MIB)
    with nursery.start("hostile:write_file", payload, limits, private_folder) as child:
        failure = child.wait().failure()
    assert failure is not None
    assert "File too large" in failure.message


def test_open_files_end_at_their_limit(nursery: Nursery) -> None:
    with nursery.start("hostile:open_many", None, replace(BRIEF, open_files=50)) as child:
        assert 30 < child.receive() < 50
