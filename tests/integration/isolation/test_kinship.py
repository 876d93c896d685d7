"""Whoever dies, nothing goes on measuring. Ends are awaited on pidfds, never by sleeping."""

import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgemeter.failures import FailureError
from edgemeter.isolation import Confinement, Ending, Limits, Nursery

LOOSE = Confinement(seccomp=False)
MANY = Limits(wall_s=30, processes=20)
ENDS_WITHIN_S = 20.0


@contextmanager
def held(*pids: int) -> Iterator[list[int]]:
    """Descriptors that stand for these very processes, whatever becomes of their ids."""
    fds = [os.pidfd_open(pid) for pid in pids]
    try:
        yield fds
    finally:
        for fd in fds:
            os.close(fd)


def has_ended(fd: int, within_s: float = 0.0) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(within_s * 1000))


@pytest.mark.parametrize("confinement", [LOOSE, Confinement()], ids=["loose", "confined"])
def test_an_escaped_grandchild_ends_when_its_child_is_killed(
    nursery: Nursery, confinement: Confinement
) -> None:
    with (
        nursery.start("hostile:escape", None, MANY, confinement) as child,
        held(child.receive()["escaped"]) as (escaped,),
    ):
        assert not has_ended(escaped)
        assert child.kill().ending is Ending.CANCELLED
        assert has_ended(escaped)


def test_an_escaped_grandchild_ends_when_its_child_ends(nursery: Nursery) -> None:
    with nursery.start("hostile:escape", None, MANY, LOOSE) as child:
        pids = child.receive()
        with held(pids["escaped"]) as (escaped,):
            os.kill(pids["child"], signal.SIGUSR1)
            assert child.wait().ending is Ending.EXITED
            assert has_ended(escaped)


def test_what_escaped_from_one_child_spares_the_others(nursery: Nursery) -> None:
    with (
        nursery.start("hostile:hang", None) as bystander,
        nursery.start("hostile:escape", None, MANY, LOOSE) as child,
        held(bystander.receive(), child.receive()["escaped"]) as (other, escaped),
    ):
        child.kill()
        assert has_ended(escaped)
        assert not has_ended(other)


def test_closing_the_nursery_ends_its_children(tasks_on_path: Path) -> None:
    nursery = Nursery()
    with nursery.start("hostile:hang", None) as child, held(child.receive(), nursery.pid) as fds:
        nursery.close()
        assert all(map(has_ended, fds))
        assert child.wait().ending is Ending.CANCELLED


def test_killing_the_nursery_ends_its_children(tasks_on_path: Path) -> None:
    with Nursery() as nursery:
        hanging = nursery.start("hostile:hang", None)
        escaping = nursery.start("hostile:escape", None, MANY, LOOSE)
        with hanging, escaping, held(hanging.receive(), escaping.receive()["escaped"]) as fds:
            os.kill(nursery.pid, signal.SIGKILL)
            assert hanging.wait().ending is Ending.CANCELLED
            assert escaping.wait().ending is Ending.CANCELLED
            assert all(map(has_ended, fds))
        assert not nursery.alive
        with pytest.raises(FailureError, match="nursery has ended"):
            nursery.start("hostile:echo", None)


def test_killing_a_supervisor_ends_its_child_and_what_escaped(nursery: Nursery) -> None:
    with nursery.start("hostile:escape", None, MANY, LOOSE) as child:
        escaped = child.receive()["escaped"]
        supervisor = _parent(escaped)
        assert _parent(supervisor) == nursery.pid
        with held(escaped) as (fd,):
            os.kill(supervisor, signal.SIGKILL)
            assert child.wait().ending is Ending.LOST
            assert has_ended(fd, ENDS_WITHIN_S)
    with nursery.start("hostile:echo", "still there") as child:
        assert child.receive() == "still there"


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


CALLER = textwrap.dedent(
    """
    import json, os, sys, threading, time
    sys.path.insert(0, sys.argv[1])
    from edgemeter.isolation import Confinement, Limits, Nursery

    def measure():
        nursery = Nursery()
        kept.append(nursery)
        for task in ("hang", "spin"):
            kept.append(nursery.start(f"hostile:{task}", None))
        loose = Limits(processes=20), Confinement(seccomp=False)
        kept.append(nursery.start("hostile:escape", None, *loose))
        print(json.dumps([nursery.pid, kept[1].receive(), kept[3].receive()["escaped"]]), flush=True)

    kept = []
    if sys.argv[2] == "fork":  # a copy of the caller keeps every descriptor open
        measure()
        if os.fork() == 0:
            time.sleep(60)
    elif sys.argv[2] == "thread":
        thread = threading.Thread(target=measure)
        thread.start()
        thread.join()
    else:
        measure()
    time.sleep(60)
    """
)


@pytest.mark.parametrize("how", ["plain", "thread", "fork"])
def test_a_killed_caller_leaves_nothing(tasks_on_path: Path, how: str) -> None:
    command = [sys.executable, "-c", CALLER, str(tasks_on_path), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as caller:
        assert caller.stdout is not None
        with held(*json.loads(caller.stdout.readline())) as fds:
            assert not any(map(has_ended, fds))
            caller.kill()
            assert all(has_ended(fd, ENDS_WITHIN_S) for fd in fds)
        os.killpg(caller.pid, signal.SIGKILL)  # the copy of the caller


def test_a_nursery_outlives_the_thread_that_started_it(tasks_on_path: Path) -> None:
    started: list[Nursery] = []
    thread = threading.Thread(target=lambda: started.append(Nursery()))
    thread.start()
    thread.join()
    with started[0] as nursery, nursery.start("hostile:echo", 1) as child:
        assert child.receive() == 1


def test_several_threads_share_a_nursery(nursery: Nursery) -> None:
    answers: list[int] = []

    def ask(number: int) -> None:
        with nursery.start("hostile:echo", number) as child:
            answers.append(child.receive(ENDS_WITHIN_S))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(8))


def test_two_hundred_children_leave_nothing_behind(nursery: Nursery) -> None:
    def traces() -> tuple[int, int, list[str]]:
        tasks = Path(f"/proc/{nursery.pid}/task/{nursery.pid}/children").read_text().split()
        return _fds(os.getpid()), _fds(nursery.pid), tasks

    before = traces()
    for number in range(200):
        with nursery.start("hostile:echo", number) as child:
            if number % 2:
                assert child.wait().exit_code == 0
    # The answer to one more request tells that the nursery has collected all before it.
    with nursery.start("hostile:echo", 0) as child:
        child.wait()
        fds, nursery_fds, tasks = traces()
    assert (fds, nursery_fds) <= (before[0] + 2, before[1])
    assert len(tasks) <= 1


def _fds(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_a_module_that_is_not_installed() -> None:
    with pytest.raises(ImportError, match="no_such_engine"):
        Nursery(preload=("no_such_engine",))


def test_a_task_that_does_not_exist(nursery: Nursery) -> None:
    with pytest.raises(FailureError, match="no_such_task"):
        nursery.start("hostile:no_such_task", None)
