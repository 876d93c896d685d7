"""One process per data folder."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from edgemeter.failures import EdgeMeterError

LOCK_NAME = "lock"


class FolderInUseError(EdgeMeterError):
    def __init__(self) -> None:
        super().__init__(
            "another EdgeMeter server uses this data folder, and SQLite allows one at a time; "
            "stop that one, or let several share PostgreSQL (database_url = postgresql://...)"
        )


class FolderLock:
    """Held until it is closed, or the process ends in whatever way. Makes the folder where there is none."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise FolderInUseError from None

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
