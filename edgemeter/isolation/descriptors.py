"""File descriptors that a fork inherits and should not."""

import contextlib
import os
from collections.abc import Collection
from pathlib import Path


def open_fds() -> set[int]:
    names = [path.name for path in Path("/proc/self/fd").iterdir()]
    # The descriptor that listed them is among them and closed by now.
    return {fd for fd in map(int, names) if _is_open(fd)}


def close_all_but(keep: Collection[int]) -> None:
    for fd in open_fds() - {0, 1, 2, *keep}:
        with contextlib.suppress(OSError):
            os.close(fd)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
