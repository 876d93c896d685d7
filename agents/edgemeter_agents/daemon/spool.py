"""Reports on disk until the server has them: each a file, written whole or not at all, oldest first."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from edgemeter.failures import EdgeMeterError

_NAME = re.compile(r"[0-9]{20}\.report")
_DIGEST_BYTES = 64
ASIDE = "aside"


class SpoolFullError(EdgeMeterError):
    """There are as many reports as may be. The oldest are kept: they were promised first."""


@dataclass(frozen=True, slots=True)
class Spooled:
    name: str
    body: bytes


class Spool:
    """A folder of its own, for one process. A file begins with the sha256 of what follows."""

    def __init__(self, folder: Path, limit_files: int = 1000, limit_bytes: int = 256 << 20) -> None:
        self._folder = folder
        self._limit_files = limit_files
        self._limit_bytes = limit_bytes
        (folder / ASIDE).mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob("*.tmp"):  # of a process that was killed while it wrote
            left.unlink()
        names = self.names()
        self._next = int(names[-1].partition(".")[0]) + 1 if names else 1

    def names(self) -> list[str]:
        """The oldest first."""
        return sorted(path.name for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def put(self, body: bytes) -> str:
        """On disk, for good, when it returns. Raises SpoolFullError or OSError; then nothing is left."""
        self._check_room(len(body))
        name = f"{self._next:020d}.report"
        temporary = self._folder / f"{name}.tmp"
        try:
            with temporary.open("wb") as file:
                file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._folder / name)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        self._next += 1
        _sync_folder(self._folder)
        return name

    def get(self, name: str) -> Spooled | None:
        """None, and set aside, where the file is not what was written."""
        try:
            content = (self._folder / name).read_bytes()
        except OSError:
            content = b""
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES + 1 :]
        if hashlib.sha256(body).hexdigest().encode() != digest:
            self.set_aside(name)
            return None
        return Spooled(name, body)

    def remove(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def set_aside(self, name: str) -> None:
        """For people to look at. As many are kept as the newest of half the spool's files."""
        aside = self._folder / ASIDE
        try:
            (self._folder / name).replace(aside / name)
        except OSError:
            self.remove(name)
        for old in sorted(aside.iterdir())[: -max(1, self._limit_files // 2)]:
            old.unlink(missing_ok=True)

    def _check_room(self, size_bytes: int) -> None:
        names = self.names()
        used_bytes = sum((self._folder / name).stat().st_size for name in names)
        if len(names) >= self._limit_files or used_bytes + size_bytes > self._limit_bytes:
            raise SpoolFullError("the spool of undelivered reports is full")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
