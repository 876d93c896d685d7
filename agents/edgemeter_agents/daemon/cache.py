"""Networks by their sha256, on disk: bounded, and checked each time before they are used."""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from edgemeter.failures import EdgeMeterError, Failure, FailureError, FailureKind
from edgemeter.wire.artifacts import ArtifactReference

_NAME = re.compile(r"[0-9a-f]{64}\.(onnx|tflite|part)")
_CHUNK_BYTES = 1 << 20


class DigestError(EdgeMeterError):
    """What came is not what its sha256 says."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    size_bytes: int
    used_ns: int


class Cache:
    """A folder of its own, for one process. The least recently used files give way to new ones."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self.limit_bytes = limit_bytes
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def find(self, wanted: ArtifactReference) -> Path | None:
        """The file, read and found to be what its name says. One that is not is removed."""
        path = self._path(wanted)
        try:
            with _opened(path) as file:
                sound = hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256
        except OSError:  # absent, a link, unreadable
            sound = False
        if not sound:
            path.unlink(missing_ok=True)
            return None
        os.utime(path)
        return path

    def begin(self, wanted: ArtifactReference, needed: Collection[str]) -> "Arriving":
        """Where its bytes go, those of an earlier try included. `needed` (sha256) stay where they are.

        Raises FailureError where there is no room for it.
        """
        self._make_room(wanted, needed)
        return Arriving(self._folder / f"{wanted.sha256}.part", self._path(wanted), wanted)

    def adopt(self, file: Path, built: ArtifactReference, needed: Collection[str]) -> Path:
        """Takes over a file of this machine whose sha256 is known. `needed` (sha256) stay where they are.

        Raises FailureError where there is no room for it.
        """
        try:
            self._make_room(built, needed)
            return file.replace(self._path(built))
        except OSError as error:
            raise _disk_failure(error) from error
        finally:
            file.unlink(missing_ok=True)

    def free(self, needed: Collection[str]) -> None:
        """Removes all that is not needed now."""
        for entry in self._entries():
            if entry.path.stem not in needed:
                entry.path.unlink(missing_ok=True)

    def _make_room(self, wanted: ArtifactReference, needed: Collection[str]) -> None:
        if wanted.size_bytes > self.limit_bytes:
            text = f"the network has {wanted.size_bytes:,} bytes, more than this agent's cache holds"
            raise FailureError(Failure(FailureKind.OUT_OF_MEMORY, text))
        others = [entry for entry in self._entries() if entry.path.stem != wanted.sha256]
        used_bytes = sum(entry.size_bytes for entry in others)
        for entry in sorted(others, key=lambda entry: entry.used_ns):
            if used_bytes + wanted.size_bytes <= self.limit_bytes:
                return
            if entry.path.stem not in needed:
                entry.path.unlink(missing_ok=True)
                used_bytes -= entry.size_bytes
        if used_bytes + wanted.size_bytes > self.limit_bytes:
            text = "the networks of one batch are more than this agent's cache holds"
            raise FailureError(Failure(FailureKind.DEVICE_UNREADY, text))

    def _entries(self) -> Iterator[_Entry]:
        """What is not ours to have is removed on the way: links, folders' files, strange names."""
        for path in self._folder.iterdir():
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode) and _NAME.fullmatch(path.name):
                yield _Entry(path, facts.st_size, facts.st_mtime_ns)
            elif not stat.S_ISDIR(facts.st_mode):
                path.unlink(missing_ok=True)

    def _path(self, wanted: ArtifactReference) -> Path:
        # Some engines tell formats by the ending.
        return self._folder / f"{wanted.sha256}.{wanted.format}"


class Arriving:
    """A file on its way in. `write` what comes from `offset` on, then `finish`."""

    def __init__(self, part: Path, final: Path, wanted: ArtifactReference) -> None:
        self._part, self._final, self._wanted = part, final, wanted
        self._digest = hashlib.sha256()
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.fdopen(os.open(part, flags, 0o600), "r+b")
        self.offset = 0
        while chunk := self._file.read(_CHUNK_BYTES):
            self._take(chunk)
        if self.offset > wanted.size_bytes:
            self.restart()

    def restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._digest = hashlib.sha256()
        self.offset = 0

    def write(self, chunk: bytes) -> None:
        """Raises DigestError for more than was announced, FailureError where the disk is full."""
        if self.offset + len(chunk) > self._wanted.size_bytes:
            raise DigestError("more bytes than announced")
        try:
            self._file.write(chunk)
        except OSError as error:
            raise _disk_failure(error) from error
        self._take(chunk)

    def finish(self) -> Path:
        """The file under its own name. Raises DigestError where it is not what was asked for."""
        if self.offset < self._wanted.size_bytes:
            raise DigestError("fewer bytes than announced")
        if self._digest.hexdigest() != self._wanted.sha256:
            raise DigestError("the bytes are not what their sha256 says")
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _disk_failure(error) from error
        self._part.replace(self._final)
        return self._final

    def discard(self) -> None:
        self._part.unlink(missing_ok=True)

    def close(self) -> None:
        try:
            self._file.close()
        except OSError:  # the disk is full: what was not written is fetched again
            self.discard()

    def _take(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self.offset += len(chunk)


def _opened(path: Path) -> BufferedReader:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return os.fdopen(descriptor, "rb")


def _disk_failure(error: OSError) -> FailureError:
    text = "the device's disk is full" if error.errno == errno.ENOSPC else "the device's disk fails"
    return FailureError(Failure(FailureKind.DEVICE_UNREADY, text))
