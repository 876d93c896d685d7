"""The agent's folder: one daemon at a time uses it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgemeter.failures import EdgeMeterError


class StateError(EdgeMeterError):
    """The folder cannot be used, or is in use."""


@contextmanager
def own_state(folder: Path) -> Iterator[Path]:
    """The folder, made where it is missing, with a lock that the kernel lets go when this process ends."""
    try:
        # Others may pass through but not look: measuring children can have users of their own.
        folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(
            f"the folder {folder} cannot be used: {error.strerror}; name another: --state"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StateError(f"another agent uses {folder}; one agent serves all runtimes of a device") from None
    try:
        yield folder
    finally:
        os.close(descriptor)
