"""`run_limited`: a call that cannot hurt."""

import gc
import os
import signal
import threading
from pathlib import Path

import pytest

from edgemeter.failures import FailureError, FailureKind
from edgemeter.isolation import Limits, oneshot, run_limited


@pytest.fixture(autouse=True)
def _tasks(tasks_on_path: Path) -> None:
    pass


def test_the_result_comes_back() -> None:
    assert run_limited("hostile:double", {"number": 21}) == {"doubled": 42}


def test_a_file_is_handed_over_as_a_copy(tmp_path: Path) -> None:
    file = tmp_path / "My Network.ONNX"
    file.write_bytes(b"12345")
    file.chmod(0o600)
    answer = run_limited("hostile:size_of", {}, files={"network": file})
    assert answer == {"bytes": 5, "name": "network.onnx"}


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link.onnx"
    link.symlink_to(__file__)
    with pytest.raises(FailureError) as raised:
        run_limited("hostile:size_of", {}, files={"network": link})
    assert raised.value.failure.kind is FailureKind.MALFORMED


def test_a_crash_is_a_failure_in_words() -> None:
    with pytest.raises(FailureError) as raised:
        run_limited("hostile:crash", {})
    failure = raised.value.failure
    assert (failure.kind, failure.message) == (
        FailureKind.RUNTIME_ERROR,
        "the reader crashed (signal SIGSEGV)",
    )


def test_a_timeout() -> None:
    with pytest.raises(FailureError) as raised:
        run_limited("hostile:sleep", {"s": 100}, Limits(wall_s=0.2))
    assert raised.value.failure.kind is FailureKind.TIMEOUT


def test_a_failure_of_the_function_is_passed_on() -> None:
    with pytest.raises(FailureError) as raised:
        run_limited("hostile:fail", {})
    failure = raised.value.failure
    assert (failure.kind, failure.message) == (FailureKind.MALFORMED, "broken at byte 12")
    assert (failure.operator_name, failure.operator_type) == ("conv1", "Conv")


def test_messages_name_no_path(tmp_path: Path) -> None:
    with pytest.raises(FailureError) as raised:
        run_limited("hostile:open_missing", {"path": str(tmp_path / "secret-place" / "x.onnx")})
    message = raised.value.failure.message
    assert "x.onnx" in message
    assert "secret-place" not in message
    assert str(tmp_path) not in message


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(ImportError):
        run_limited("no_such_module:f", {})


def test_the_helper_is_shared_and_replaced_when_it_dies() -> None:
    run_limited("hostile:double", {"number": 1})
    first = oneshot._nurseries.get(("hostile",))
    run_limited("hostile:double", {"number": 1})
    assert oneshot._nurseries.get(("hostile",)) is first
    os.kill(first.pid, signal.SIGKILL)
    first.close()
    assert run_limited("hostile:double", {"number": 2}) == {"doubled": 4}


def test_from_a_thread() -> None:
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(run_limited("hostile:double", {"number": 3})))
    thread.start()
    thread.join()
    assert answers == [{"doubled": 6}]


def test_in_a_fork_of_the_caller() -> None:
    """A forking server's workers do not share their parent's helper."""
    run_limited("hostile:double", {"number": 1})
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            gc.collect()
            code = 0 if run_limited("hostile:double", {"number": 4}) == {"doubled": 8} else 2
            oneshot._nurseries._close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert run_limited("hostile:double", {"number": 5}) == {"doubled": 10}
