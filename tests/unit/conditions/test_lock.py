import os
import threading
from pathlib import Path

import pytest

from edgemeter.failures import FailureError, FailureKind
from edgemeter_agents.conditions import lock
from edgemeter_agents.conditions.lock import ENVIRONMENT, FILE_NAME, lock_path, machine_lock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.lock"


def test_the_environment_names_the_file(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(path))
    assert lock_path() == path
    with machine_lock():
        assert path.read_text() == f"{os.getpid()}\n"
    assert path.read_text() == ""


def test_all_users_agree_on_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setenv("TMPDIR", "/nowhere")
    assert lock_path() in (Path("/run/lock", FILE_NAME), Path("/tmp", FILE_NAME))


def test_any_user_may_take_turns_whatever_the_umask(path: Path) -> None:
    before = os.umask(0o077)
    try:
        with machine_lock(path=path):
            assert path.stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(before)


def test_it_excludes_within_one_process_too_and_names_the_holder_once(path: Path) -> None:
    told: list[int | None] = []
    another = machine_lock(timeout_s=3 * lock.POLL_S, waiting=told.append, path=path)
    with machine_lock(path=path), pytest.raises(FailureError) as raised, another:
        pass
    assert told == [os.getpid()]
    assert raised.value.failure.kind is FailureKind.DEVICE_UNREADY
    assert f"pid {os.getpid()}" in raised.value.failure.message
    assert str(path.parent) not in raised.value.failure.message


def test_it_is_free_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), machine_lock(path=path):
        _ = 1 / 0
    with machine_lock(timeout_s=0, path=path):
        pass


def test_a_waiter_gets_it_when_it_is_released(path: Path) -> None:
    waits, has = threading.Event(), threading.Event()

    def wait() -> None:
        with machine_lock(timeout_s=30, waiting=lambda _: waits.set(), path=path):
            has.set()

    with machine_lock(path=path):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waits.wait(30)
        assert not has.is_set()
    thread.join(30)
    assert has.is_set()


def test_who_asks_again_comes_after_who_waits(path: Path) -> None:
    waits, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        with machine_lock(timeout_s=30, waiting=lambda _: waits.set(), path=path):
            assert go_on.wait(30)

    thread = threading.Thread(target=wait)
    with machine_lock(path=path):
        thread.start()
        assert waits.wait(30)
    with pytest.raises(FailureError), machine_lock(timeout_s=0, path=path):
        pass
    go_on.set()
    thread.join(30)
    with machine_lock(timeout_s=0, path=path):
        pass


def test_without_a_file_beside_it_there_are_no_turns(path: Path) -> None:
    path.with_name(f"{path.name}.next").mkdir()
    with machine_lock(timeout_s=0, path=path), pytest.raises(FailureError):
        machine_lock(timeout_s=0, path=path).__enter__()


def test_a_link_is_never_followed(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path.symlink_to(victim)
    with pytest.raises(FailureError, match="symbolic link"), machine_lock(path=path):
        pass
    path.unlink()
    path.symlink_to(tmp_path / "absent")
    with pytest.raises(FailureError, match="symbolic link"), machine_lock(path=path):
        pass
    assert victim.read_text() == "precious"
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("plant", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_without_blocking(path: Path, plant: object) -> None:
    plant(path)  # type: ignore[operator]
    with pytest.raises(FailureError, match=r"not a regular file|Is a directory"), machine_lock(path=path):
        pass


def test_a_missing_folder_is_named_by_its_reason(path: Path) -> None:
    with (
        pytest.raises(FailureError, match="No such file"),
        machine_lock(path=path.parent / "absent" / "lock"),
    ):
        pass


def test_a_file_removed_while_waiting_does_not_split_the_lock(path: Path) -> None:
    """One holds the removed file, another a new one: the waiter must end on the new one."""
    first = lock._open(path)
    assert lock._locked(first)
    path.unlink()
    assert not lock._still_there(first, path)
    with machine_lock(path=path):
        assert path.exists()
        with pytest.raises(FailureError), machine_lock(timeout_s=0, path=path):
            pass
    os.close(first)


@pytest.mark.parametrize("junk", [b"", b"x" * 100, b"-5\n", b"\xff\n", b"12"])
def test_a_scribbled_file_names_nobody(path: Path, junk: bytes) -> None:
    path.write_bytes(junk)
    descriptor = lock._open(path)
    assert lock._holder(descriptor) is None
    os.close(descriptor)
