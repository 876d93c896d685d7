"""A child as its parent sees it."""

import json
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from io import FileIO
from types import TracebackType
from typing import Any, Self

from edgemeter.failures import EdgeMeterError, Failure, FailureError, FailureKind
from edgemeter.isolation.confinement import Achieved
from edgemeter.isolation.frames import FrameKind, FrameReader, GarbledError
from edgemeter.isolation.limits import Limits
from edgemeter.isolation.outcome import Ending, Outcome
from edgemeter.isolation.texts import printable

_READ_BYTES = 1 << 20
_OUTCOME_BYTES = 1 << 16
# For a child that has closed its channel, and so can have nothing more to do.
_GRACE_S = 5.0


class EndedError(EdgeMeterError):
    """The child has no more to say; `Child.wait` tells how it ended."""


class Child:
    """One confined process at work. Made by `Nursery.start`; used by one thread at a time.

    Messages are read with `receive` or `messages`. They are whatever the child liked to
    send: check them like any input from outside. `wait` tells how the child ended, once
    nothing that it started is left. Use as a context manager, or call `kill`: both end it.
    """

    def __init__(self, channel_fd: int, control: socket.socket, limits: Limits) -> None:
        self._channel = FileIO(channel_fd, "rb")
        self._control = control
        self._frames = FrameReader(limits.message_bytes, limits.total_bytes)
        self._messages: deque[Any] = deque()
        self._raised: Failure | None = None
        self._achieved: Achieved | None = None
        self._outcome: Outcome | None = None

    @property
    def achieved(self) -> Achieved:
        """The confinement that the child runs under. Raises EndedError if it died before."""
        if self._achieved is None:
            raise EndedError("the child ended before it was confined")
        return self._achieved

    def receive(self, timeout_s: float | None = None) -> Any:
        """Returns the next message.

        Raises TimeoutError when none comes in time (the child goes on), and EndedError
        when none will come. A child that sends garbage is killed and has ended.
        """
        deadline_s = _deadline_s(timeout_s)
        while not self._messages:
            if self._channel.closed:
                raise EndedError("the child has no more to say")
            self._read(deadline_s)
        return self._messages.popleft()

    def messages(self, timeout_s: float | None = None) -> Iterator[Any]:
        """Yields messages up to the last. Raises TimeoutError when one takes longer than `timeout_s`."""
        while True:
            try:
                message = self.receive(timeout_s)
            except EndedError:
                return
            yield message

    def wait(self, timeout_s: float | None = None) -> Outcome:
        """Returns how the child ended, dropping what was not read. Raises TimeoutError."""
        deadline_s = _deadline_s(timeout_s)
        while not self._channel.closed:
            self._read(deadline_s)
            self._messages.clear()
        if self._outcome is None:
            self._settle(deadline_s)
        return self._ended()

    def kill(self) -> Outcome:
        """Ends the child and all that it started, and waits for that. Harmless when it has ended."""
        self._channel.close()
        if self._outcome is None:
            self._control.shutdown(socket.SHUT_WR)
            self._receive_outcome()
        return self._ended()

    def wait_until_confined(self) -> None:
        """Raises FailureError when the child ends before it has given up its powers."""
        while self._achieved is None and not self._channel.closed:
            self._read(None)
        if self._achieved is None:
            failure = self.wait().failure()
            reason = "it ended" if failure is None else failure.message
            raise FailureError.of(FailureKind.INTERNAL, f"a child process could not begin: {reason}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _read(self, deadline_s: float | None) -> None:
        _await_readable(self._channel.fileno(), deadline_s)
        data = self._channel.read(_READ_BYTES)
        if not data:
            self._channel.close()
            return
        try:
            for kind, value in self._frames.feed(data):
                self._take(kind, value)
        except GarbledError:
            self._outcome = _garbled(self.kill())

    def _take(self, kind: FrameKind, value: Any) -> None:
        if kind is FrameKind.MESSAGE:
            self._messages.append(value)
        elif kind is FrameKind.RAISED:
            self._raised = _failure(value)
        elif self._achieved is None:
            self._achieved = Achieved(**{**value, "degraded": tuple(value["degraded"])})
        else:
            raise GarbledError("the child was confined twice")

    def _settle(self, deadline_s: float | None) -> None:
        grace_s = time.monotonic() + _GRACE_S
        patient = deadline_s is None or grace_s < deadline_s
        try:
            _await_readable(self._control.fileno(), grace_s if patient else deadline_s)
            self._receive_outcome()
        except TimeoutError:
            if not patient:
                raise
            self._outcome = _garbled(self.kill())

    def _receive_outcome(self) -> None:
        with self._control:
            data = self._control.recv(_OUTCOME_BYTES)
        outcome = Outcome(Ending.LOST)
        if data:
            fields = json.loads(data)
            outcome = Outcome(Ending(fields.pop("ending")), **fields)
        cut_short = self._frames.incomplete and outcome.exit_code == 0
        self._outcome = _garbled(outcome) if cut_short else outcome

    def _ended(self) -> Outcome:
        if self._outcome is None:
            raise RuntimeError("the child has not ended")
        return replace(self._outcome, raised=self._raised)


def _garbled(outcome: Outcome) -> Outcome:
    # A crash that cut a message short is a crash.
    ours = outcome.ending in (Ending.EXITED, Ending.CANCELLED)
    return replace(outcome, ending=Ending.GARBLED) if ours else outcome


def _failure(value: Any) -> Failure:
    match value:
        case {"kind": str(kind), "message": str(message), "operator_name": name, "operator_type": type_}:
            try:
                known = FailureKind(kind)
            except ValueError as error:
                raise GarbledError("a failure of unknown kind") from error
            return Failure(known, printable(message), _name(name), _name(type_))
    raise GarbledError("a failure that is none")


def _name(value: Any) -> str | None:
    return printable(value) if isinstance(value, str) else None


def _deadline_s(timeout_s: float | None) -> float | None:
    return None if timeout_s is None else time.monotonic() + timeout_s


def _await_readable(fd: int, deadline_s: float | None) -> None:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    left_ms = None if deadline_s is None else max(0.0, deadline_s - time.monotonic()) * 1000
    if not poll.poll(left_ms):
        raise TimeoutError("the child process said nothing in time")
