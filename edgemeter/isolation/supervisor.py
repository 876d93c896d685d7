"""One process per child: it starts the child, watches its limits and ends all that it left."""

import json
import os
import signal
import socket
import time
from collections.abc import Collection
from dataclasses import asdict
from resource import struct_rusage

from edgemeter.isolation import task
from edgemeter.isolation.descendants import kill_children, usage
from edgemeter.isolation.descriptors import close_all_but
from edgemeter.isolation.kernel import calls
from edgemeter.isolation.limits import Limits
from edgemeter.isolation.outcome import Ending, Outcome
from edgemeter.isolation.request import Request
from edgemeter.isolation.wakeup import Wakeup

_WATCH_EVERY_S = 0.05
_WATCH_SHARE = 0.01  # of one processor, where looking is slow


def supervise(
    request: Request, payload_fd: int, channel_fd: int, control: socket.socket, keep_fds: Collection[int]
) -> None:
    """Runs one child to its end and reports its outcome on `control`.

    The caller cancels by closing its end of `control`, which also happens when it dies.
    When the nursery dies, SIGTERM comes in its stead. `keep_fds` are the descriptors
    that the child may inherit beside its own.
    """
    nursery_pid = os.getppid()
    signal.set_wakeup_fd(-1)
    close_all_but((payload_fd, channel_fd, control.fileno(), *keep_fds))
    os.setsid()
    calls.adopt_orphans()
    calls.die_with_parent(nursery_pid, signal.SIGTERM)
    wakeup = Wakeup((signal.SIGCHLD, signal.SIGTERM))
    own_pid = os.getpid()
    pid = os.fork()
    if pid == 0:
        task.run(request, payload_fd, channel_fd, own_pid, keep_fds)
    os.close(payload_fd)
    os.close(channel_fd)
    outcome = _Life(pid, request.limits, control, wakeup).see_through()
    control.send(json.dumps(asdict(outcome)).encode())


class _Life:
    """One child from its start to the end of everything that it started."""

    def __init__(self, pid: int, limits: Limits, control: socket.socket, wakeup: Wakeup) -> None:
        self._pid = pid
        self._limits = limits
        self._control_fd = control.fileno()
        self._wakeup = wakeup
        self._started_s = time.monotonic()
        self._peak_bytes = 0
        self._pause_s = _WATCH_EVERY_S
        self._end: tuple[int, struct_rusage] | None = None
        wakeup.watch(self._control_fd)

    def see_through(self) -> Outcome:
        ending = self._watch()
        wall_s = time.monotonic() - self._started_s
        while self._reap():
            kill_children()
            self._wakeup.wait(0.01)
        return self._outcome(ending, wall_s)

    def _watch(self) -> Ending | None:
        """Returns why the child has to end, None when it has ended on its own."""
        while self._end is None:
            ready, signals = self._wakeup.wait(min(self._pause_s, self._left_s()))
            self._reap()
            if self._end is None and (self._control_fd in ready or signal.SIGTERM in signals):
                return Ending.CANCELLED
            if self._end is None and (ending := self._exceeded()) is not None:
                return ending
        return None

    def _left_s(self) -> float:
        return self._started_s + self._limits.wall_s - time.monotonic()

    def _exceeded(self) -> Ending | None:
        began_s = time.thread_time()
        now = usage()
        self._pause_s = max(_WATCH_EVERY_S, (time.thread_time() - began_s) / _WATCH_SHARE)
        self._peak_bytes = max(self._peak_bytes, now.memory_bytes)
        limits = self._limits
        if now.memory_bytes > limits.memory_bytes:
            return Ending.MEMORY
        if now.cpu_s > limits.cpu_s:
            return Ending.CPU_TIME
        if now.processes > limits.processes or now.threads > limits.threads:
            return Ending.PROCESSES
        return Ending.WALL_TIME if self._left_s() <= 0 else None

    def _reap(self) -> bool:
        """Collects every child that has ended; whether any is left."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._pid:
                self._end = status, used

    def _outcome(self, ending: Ending | None, wall_s: float) -> Outcome:
        if self._end is None:
            raise RuntimeError("the child was reaped by someone else")
        status, used = self._end
        code = os.waitstatus_to_exitcode(status)
        return Outcome(
            ending=ending or (Ending.EXITED if code >= 0 else Ending.KILLED),
            exit_code=code if code >= 0 else None,
            signal=signal.Signals(-code).name if code < 0 else None,
            wall_s=wall_s,
            cpu_s=used.ru_utime + used.ru_stime,
            peak_memory_bytes=max(self._peak_bytes, used.ru_maxrss * 1024),
        )
