"""The child itself: from the fork to the end of the task."""

import contextlib
import json
import os
import signal
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.isolation.confining import confine
from edgemeter.isolation.descriptors import close_all_but
from edgemeter.isolation.frames import FrameKind, encode
from edgemeter.isolation.kernel import calls
from edgemeter.isolation.request import Request
from edgemeter.isolation.texts import printable, without_paths

Send = Callable[[Any], None]


def run(
    request: Request, payload_fd: int, channel_fd: int, supervisor_pid: int, keep_fds: Collection[int]
) -> NoReturn:
    """Confines this process, runs the task and exits. Never returns to what was forked."""
    code = 1
    try:
        _detach(supervisor_pid, {payload_fd, channel_fd, *keep_fds})
        code = _perform(request, payload_fd, _Channel(channel_fd), supervisor_pid)
    finally:
        os._exit(code)


def _perform(request: Request, payload_fd: int, channel: "_Channel", supervisor_pid: int) -> int:
    try:
        function = resolve(request.task)
        with open(payload_fd, "rb") as file:
            payload = json.load(file)
        _settle(request.confinement.folder)
        achieved = confine(request.confinement, request.limits, supervisor_pid)
        channel.send(FrameKind.CONFINED, asdict(achieved))
        function(payload, lambda message: channel.send(FrameKind.MESSAGE, message))
    except SystemExit as request_to_exit:
        return request_to_exit.code if isinstance(request_to_exit.code, int) else 1
    except BaseException as error:  # noqa: BLE001  the task is anybody's code
        with contextlib.suppress(OSError):  # the parent no longer listens
            channel.send(FrameKind.RAISED, asdict(_failure(error)))
        return 1
    return 0


class _Channel:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def send(self, kind: FrameKind, value: Any) -> None:
        left = memoryview(encode(kind, value))
        while left:
            left = left[os.write(self._fd, left) :]


def call_and_send(payload: Any, send: Send) -> None:
    """The task behind `run_limited`: one call whose result is the only message."""
    function = resolve(payload["task"])
    send(function(payload["payload"]))


def resolve(name: str) -> Callable[..., Any]:
    """The function that "module:function" names."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def _detach(supervisor_pid: int, keep_fds: Collection[int]) -> None:
    os.setsid()
    calls.die_with_parent(supervisor_pid, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard, inheritable=True)
    close_all_but(keep_fds)


def _settle(folder: Path | None) -> None:
    home = "/" if folder is None else str(folder)
    os.environ.update(HOME=home, TMPDIR=home)
    os.chdir(home)
    os.umask(0o077)


def _failure(error: BaseException) -> Failure:
    if isinstance(error, FailureError):
        told = error.failure
        return replace(told, message=printable(told.message))
    kind = FailureKind.OUT_OF_MEMORY if isinstance(error, MemoryError) else FailureKind.RUNTIME_ERROR
    return Failure(kind, printable(without_paths(f"{type(error).__name__}: {error}")))
