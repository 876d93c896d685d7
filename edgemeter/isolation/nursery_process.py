"""The helper process: imports engines once and forks a supervisor for each child.

It runs no untrusted code and holds nothing secret; it ends when its caller does.
"""

import gc
import json
import os
import signal
import socket
import sys
from importlib import import_module

from edgemeter.isolation import supervisor
from edgemeter.isolation.descendants import kill_children
from edgemeter.isolation.descriptors import open_fds
from edgemeter.isolation.kernel import calls
from edgemeter.isolation.request import ANSWER_BYTES, REQUEST_BYTES, Request
from edgemeter.isolation.wakeup import Wakeup

_FDS = 3  # payload, channel, control
# An import that hangs must not outlive its caller; the alarm's signal is deadly.
_PRELOAD_S = 600


def main(fd: int, caller_pid: int, preload: list[str]) -> None:
    """Serves until `fd`, the only link to the caller, is closed."""
    _forget_inherited_signals()
    link = socket.socket(fileno=fd)
    link.set_inheritable(False)
    calls.adopt_orphans()
    before = open_fds()
    try:
        _preload(preload)
    except ImportError as error:
        link.send(json.dumps({"missing": str(error)}).encode()[:ANSWER_BYTES])
        return
    # What an engine has opened for itself by now is part of it, also in the children.
    engine_fds = open_fds() - before
    link.send(json.dumps({"missing": None}).encode())
    _Nursery(link, caller_pid, engine_fds).serve()


def _preload(modules: list[str]) -> None:
    signal.alarm(_PRELOAD_S)
    for module in modules:
        import_module(module)
    signal.alarm(0)
    gc.freeze()  # children share what is there instead of copying it at their first collection


def _forget_inherited_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:  # Python's own choice
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


class _Nursery:
    def __init__(self, link: socket.socket, caller_pid: int, engine_fds: set[int]) -> None:
        self._link = link
        self._engine_fds = engine_fds
        self._supervisors: set[int] = set()
        self._wakeup = Wakeup((signal.SIGCHLD,))
        self._wakeup.watch(link.fileno())
        self._caller_fd = _open_process(caller_pid)
        if os.getppid() != caller_pid:
            sys.exit(1)
        if self._caller_fd is not None:
            self._wakeup.watch(self._caller_fd)

    def serve(self) -> None:
        while True:
            ready, _ = self._wakeup.wait()
            self._reap()
            if self._caller_fd in ready:
                break
            if self._link.fileno() in ready and not self._receive():
                break
        self._end()

    def _receive(self) -> bool:
        """Starts what the caller asks for; False when it has gone."""
        data, fds, _, _ = socket.recv_fds(self._link, REQUEST_BYTES, _FDS)
        if not data:
            return False
        if len(fds) == _FDS:
            self._start(Request.from_json(data), *fds)
        for fd in fds:
            os.close(fd)
        return True

    def _start(self, request: Request, payload_fd: int, channel_fd: int, control_fd: int) -> None:
        pid = os.fork()
        if pid:
            self._supervisors.add(pid)
            return
        code = 1
        try:
            control = socket.socket(fileno=control_fd)
            supervisor.supervise(request, payload_fd, channel_fd, control, self._engine_fds)
            code = 0
        finally:
            os._exit(code)

    def _reap(self) -> bool:
        """Collects what has ended; whether anything is left. Kills what a lost supervisor left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self._supervisors.discard(pid)
            if status != 0:
                kill_children(keep=self._supervisors)

    def _end(self) -> None:
        for pid in self._supervisors:
            os.kill(pid, signal.SIGTERM)
        while self._reap():
            self._wakeup.wait(0.05)


def _open_process(pid: int) -> int | None:
    # The link alone would not tell of the caller's end: a fork of it may hold the link open.
    # Nor would a death signal do, as it comes when the calling thread ends, not the process.
    try:
        return os.pidfd_open(pid)
    except OSError:  # a kernel before 5.3
        return None
