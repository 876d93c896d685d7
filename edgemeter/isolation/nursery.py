"""A helper process that imports engines once and forks one confined child per task."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from edgemeter.failures import EdgeMeterError, FailureError, FailureKind
from edgemeter.isolation.child import Child
from edgemeter.isolation.confinement import DEFAULT_CONFINEMENT, Confinement
from edgemeter.isolation.limits import DEFAULT_LIMITS, Limits
from edgemeter.isolation.request import ANSWER_BYTES, REQUEST_BYTES, Request

# What interpreters and engines need; everything else of the caller's environment stays out.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
_ENVIRONMENT = {
    "HOME": "/",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime >= 1.29 starts an uploader when it is imported
}
_BOOT = """\
import json, sys
fd, caller_pid, sys.path[:], preload = json.loads(sys.argv[1])
from edgemeter.isolation.nursery_process import main
main(fd, caller_pid, preload)
"""
_CLOSE_S = 10.0


class IsolationUnavailableError(EdgeMeterError):
    """This system cannot confine processes; only Linux can."""


class Nursery:
    """Starts confined children that share what was imported once.

    `preload` names modules to import before the first fork; a module that is not
    installed raises ImportError. The nursery sees nothing of the caller but its import
    path, a handful of environment variables (PATH, LANG, ...) and `environment`.

    It and all its children end when it is closed and when the caller dies, however that
    happens. It may be started from any thread, and `start` may be called from several.
    Children are forks: they share the nursery's address layout, which can move latencies.
    Where measurements shall not share it, start a new nursery.
    """

    def __init__(
        self,
        preload: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        start_timeout_s: float = 120.0,
    ) -> None:
        if sys.platform != "linux":
            raise IsolationUnavailableError("untrusted files can be handled safely on Linux only")
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = _launch(theirs.fileno(), preload, environment or {})
        try:
            self._await_ready(start_timeout_s)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process id of the helper."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def start(
        self,
        task: str,
        payload: Any,
        limits: Limits = DEFAULT_LIMITS,
        confinement: Confinement = DEFAULT_CONFINEMENT,
    ) -> Child:
        """Runs `task`, "module:function", as function(payload, send) in a new confined child.

        `payload` is plain JSON. `send(message)` hands plain JSON to `Child.receive`; it is
        for one thread. Whatever the function returns is dropped, what it raises becomes
        `Outcome.raised`. Returns when the child is confined, before the function runs.
        Raises FailureError (internal) when that could not be reached.
        """
        request = Request(task, limits, confinement).to_json()
        if len(request) > REQUEST_BYTES:
            raise ValueError("too many paths in the confinement")
        body = json.dumps(payload, allow_nan=False).encode()
        channel_fd, their_channel_fd = os.pipe()
        control, their_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        child = Child(channel_fd, control, limits)
        try:
            with os.fdopen(their_channel_fd, "wb"), their_control, _in_memory(body) as file:
                self._send(request, file.fileno(), their_channel_fd, their_control.fileno())
            child.wait_until_confined()
        except BaseException:
            child.kill()
            raise
        return child

    def close(self) -> None:
        """Ends the nursery with all its children, and waits for that."""
        self._link.close()
        try:
            self._process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, request: bytes, *fds: int) -> None:
        try:
            socket.send_fds(self._link, [request], fds)
        except OSError as error:
            raise FailureError.of(FailureKind.INTERNAL, "the nursery has ended") from error

    def _await_ready(self, timeout_s: float) -> None:
        self._link.settimeout(timeout_s)
        try:
            answer = self._link.recv(ANSWER_BYTES)
        except TimeoutError as error:
            raise FailureError.of(FailureKind.INTERNAL, "importing an engine took too long") from error
        self._link.settimeout(None)
        if not answer:
            raise FailureError.of(FailureKind.INTERNAL, "the nursery ended while it imported its modules")
        if (missing := json.loads(answer)["missing"]) is not None:
            raise ImportError(missing)


def _launch(fd: int, preload: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    search_path = [path for path in sys.path if Path(path).is_absolute()]
    boot = json.dumps([fd, os.getpid(), search_path, list(preload)])
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, boot],
        pass_fds=(fd,),
        env={**inherited, **_ENVIRONMENT, **environment},
        cwd="/",
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _in_memory(data: bytes) -> BinaryIO:
    file = os.fdopen(os.memfd_create("payload"), "w+b")
    file.write(data)
    file.seek(0)
    return file
