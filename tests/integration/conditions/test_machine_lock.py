"""The lock between processes: of several users, and of one that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgemeter.failures import FailureError
from edgemeter_agents.conditions.lock import machine_lock

HOLD = """
import os, sys
from pathlib import Path
from edgemeter_agents.conditions.lock import machine_lock
{prepare}
with machine_lock(timeout_s=0, path=Path({path!r})):
    print("held", flush=True)
    {while_held}
    sys.stdin.read()
"""

TRY = """
import json, os
from pathlib import Path
from edgemeter.failures import FailureError
from edgemeter_agents.conditions.lock import machine_lock
{drop}
try:
    with machine_lock(timeout_s=0, path=Path({path!r})):
        print(json.dumps("held"))
except FailureError as error:
    print(json.dumps(error.failure.message))
"""


@contextmanager
def holder(path: Path, prepare: str = "", while_held: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that has the lock; it ends when its input is closed."""
    program = HOLD.format(path=str(path), prepare=prepare, while_held=while_held)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def free(path: Path) -> bool:
    try:
        with machine_lock(timeout_s=0, path=path):
            return True
    except FailureError:
        return False


def test_a_killed_holder_releases_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        told: list[int | None] = []
        attempt = machine_lock(timeout_s=0, waiting=told.append, path=path)
        with pytest.raises(FailureError, match=f"pid {process.pid}"), attempt:
            pass
        assert told == [process.pid]
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert free(path)


def test_a_program_started_meanwhile_does_not_keep_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    start = (
        "import subprocess; s = subprocess.Popen(['sleep', '60'], close_fds=False); print(s.pid, flush=True)"
    )
    with holder(path, while_held=start) as process:
        assert process.stdout is not None
        sleeper = int(process.stdout.readline())
        process.kill()
        process.wait(30)
        try:
            assert free(path)
        finally:
            os.kill(sleeper, signal.SIGKILL)


@pytest.fixture
def sticky(tmp_path: Path) -> Iterator[Path]:
    """A folder as /run/lock is: everyone may create, nobody may replace another user's file."""
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    opened = [p for p in folder.parents if p.stat().st_uid == os.geteuid() and not p.stat().st_mode & 0o001]
    modes = [(p, p.stat().st_mode) for p in opened]
    for parent, mode in modes:
        parent.chmod(mode | 0o001)
    yield folder
    for parent, mode in modes:
        parent.chmod(mode)


def test_another_user_takes_turns_on_roots_file(
    sticky: Path, run_program: Callable[[str], Any], drop: str
) -> None:
    path = sticky / "lock"
    with machine_lock(path=path):
        assert f"pid {os.getpid()}" in run_program(TRY.format(path=str(path), drop=drop))
    assert run_program(TRY.format(path=str(path), drop=drop)) == "held"


def test_root_takes_turns_on_another_users_file(
    sticky: Path, run_program: Callable[[str], Any], drop: str
) -> None:
    path = sticky / "lock"
    with holder(path, prepare=drop):
        # fs.protected_regular refuses root to open this file with O_CREAT.
        assert path.stat().st_uid != os.geteuid()
        assert not free(path)
    assert free(path)


def test_a_file_that_others_may_only_read_still_locks(
    sticky: Path, run_program: Callable[[str], Any], drop: str
) -> None:
    path = sticky / "lock"
    path.touch()
    path.chmod(0o644)
    assert run_program(TRY.format(path=str(path), drop=drop)) == "held"
    with machine_lock(path=path):
        assert run_program(TRY.format(path=str(path), drop=drop)).startswith("another measurement")


def test_a_file_that_others_may_not_open_is_told(
    sticky: Path, run_program: Callable[[str], Any], drop: str
) -> None:
    path = sticky / "lock"
    path.touch()
    path.chmod(0o600)
    message = run_program(TRY.format(path=str(path), drop=drop))
    assert "Permission denied" in message
    assert "EDGEMETER_LOCK" in message
