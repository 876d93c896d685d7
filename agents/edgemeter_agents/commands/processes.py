"""Other commands of EdgeMeter as processes of one that needs them: started, watched, stopped."""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, cast

from edgemeter.cli.text import printable
from edgemeter.failures import EdgeMeterError
from edgemeter.isolation.kernel.calls import die_with_parent

_STOP_S = 15.0
_KEPT_LINES = 12
_LINE_SIGNS = 300


class ProcessError(EdgeMeterError):
    """A process ended, or did not get ready. The text holds the last lines of its log."""


class Running:
    """A process and what it says, line by line."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self._process = process
        self._lines: Queue[str | None] = Queue()
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, wanted: Callable[[str], str | None], timeout_s: float) -> str:
        """What `wanted` makes of the first line for which it is not None. Raises ProcessError."""
        try:
            while (line := self._lines.get(timeout=timeout_s)) is not None:
                if (found := wanted(line)) is not None:
                    return found
        except Empty:
            raise self.error(f"is not ready after {timeout_s:g} s") from None
        with suppress(subprocess.TimeoutExpired):
            # Its output ends a moment before the process does.
            self._process.wait(_STOP_S)
        raise self.error("ended")

    def check(self) -> None:
        """Raises ProcessError where it has ended."""
        if self._process.poll() is not None:
            self._reader.join(_STOP_S)
            raise self.error(f"ended with {self._process.returncode}")

    def error(self, what: str) -> ProcessError:
        return ProcessError("\n".join([f"{self.name} {what}; its last lines:", *self._last]))

    def stop(self) -> None:
        """Asks it to end, and makes it end where it does not."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_STOP_S)

    def _read(self) -> None:
        for line in cast("IO[str]", self._process.stdout):
            self._last.append(printable(line.rstrip("\n"), _LINE_SIGNS))
            self._lines.put(line)
        self._lines.put(None)


@contextmanager
def running(name: str, *words: str, environment: Mapping[str, str], folder: Path) -> Iterator[Running]:
    """`edgemeter` with these words, in that folder and environment. It ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "edgemeter", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        cwd=folder,
        # Also when this process is killed: nothing is left that goes on measuring.
        preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGTERM),
    ) as process:
        found = Running(name, process)
        try:
            yield found
        finally:
            found.stop()
