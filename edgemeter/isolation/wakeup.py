"""Signals as something to poll for."""

import contextlib
import os
import select
import signal
from collections.abc import Iterable


class Wakeup:
    """Polls file descriptors and wakes for signals too, whenever they come."""

    def __init__(self, signals: Iterable[signal.Signals]) -> None:
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        os.set_blocking(self._write_fd, False)
        signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, _ignore)
        self._poll = select.poll()
        self._poll.register(self._read_fd, select.POLLIN)

    def watch(self, fd: int) -> None:
        self._poll.register(fd, select.POLLIN)

    def wait(self, timeout_s: float | None = None) -> tuple[set[int], set[int]]:
        """Returns the descriptors that are readable or closed, and the signals that came."""
        ready = {fd for fd, _ in self._poll.poll(None if timeout_s is None else max(0.0, timeout_s) * 1000)}
        signals: set[int] = set()
        if self._read_fd in ready:
            ready.discard(self._read_fd)
            with contextlib.suppress(BlockingIOError):
                signals = set(os.read(self._read_fd, 4096))
        return ready, signals

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._read_fd)
        os.close(self._write_fd)


def _ignore(_number: int, _frame: object) -> None:
    """A signal only reaches the wake-up descriptor when Python handles it."""
