"""Files on their way in. What a crashed process left is removed by the next one."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


class Incoming:
    """A folder of this process's own below one that several may share. Its lock says that it is in use."""

    def __init__(self, shared: Path) -> None:
        shared.mkdir(parents=True, exist_ok=True, mode=0o700)
        gate = os.open(shared, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)  # so that nobody takes a folder for left that is just being made
            for left in list(shared.iterdir()):
                _remove_unless_used(left)
            self.folder = Path(tempfile.mkdtemp(prefix="process-", dir=shared))
            self._lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            os.close(gate)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def _remove_unless_used(folder: Path) -> None:
    with suppress(OSError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
        finally:
            os.close(lock)


class IncomingFile:
    """One file that grows, and its SHA-256. Blocking."""

    def __init__(self, folder: Path) -> None:
        number, name = tempfile.mkstemp(prefix="draft-", dir=folder)
        self.path = Path(name)
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._file = os.fdopen(number, "wb", buffering=0)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        self._hash.update(data)
        self.size_bytes += len(data)

    def finish(self) -> None:
        """On disk, whatever happens next."""
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """No file is left; nothing happens to one that was moved away."""
        self._file.close()
        self.path.unlink(missing_ok=True)
