"""Ends a process with all that it started, and returns when none of them is left."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

#: How long those below have to end by themselves, as each does when the one above it is gone.
PATIENCE_S = 2.0


def kill_tree(pid: int) -> None:
    """Kills the child `pid` at once. Blocks until it and all that was below it are gone.

    Helpers of a measuring process have groups and sessions of their own, and would be lost from sight
    with it: so a handle of each is taken first, which no recycled process id can be mistaken for.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # starts nothing more while we look
    handles = [handle for below in _below(pid) if (handle := _opened(below)) is not None]
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    try:
        for handle in _still_there(handles, PATIENCE_S):
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        _still_there(handles, PATIENCE_S)
    finally:
        for handle in handles:
            os.close(handle)


def _still_there(handles: list[int], patience_s: float) -> list[int]:
    """Those that have not ended within that time. A handle becomes readable when its process ends."""
    waiting = set(handles)
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    deadline_s = time.monotonic() + patience_s
    while waiting and (left_s := deadline_s - time.monotonic()) > 0:
        for handle, _ in poll.poll(left_s * 1000):
            poll.unregister(handle)
            waiting.discard(handle)
    return sorted(waiting)


def _opened(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:  # gone, or a kernel before 5.3: then all end when those above them do
        return None


def _below(pid: int) -> Iterator[int]:
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, thread.read_text().split()):
                yield child
                yield from _below(child)
