"""Artifacts in a folder: `objects/ab/ab12...`, and `incoming/` for those on their way."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from edgemeter_server.artifacts.drafts import FileDraft
from edgemeter_server.artifacts.failures import told_as_storage
from edgemeter_server.artifacts.incoming import Incoming, IncomingFile
from edgemeter_server.artifacts.storage import (
    CHUNK_BYTES,
    Draft,
    NotStoredError,
    Storage,
    StorageUnavailableError,
    is_place,
    place_of,
)
from edgemeter_server.artifacts.workers import NoThreads, Threads, Workers

T = TypeVar("T")


class LocalStorage(Storage):
    """Blocking file work runs in a few threads of its own."""

    def __init__(self, folder: Path) -> None:
        with told_as_storage():
            self._objects = folder / "objects"
            self._objects.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._incoming = Incoming(folder / "incoming")
        self._workers = self._make_workers()

    def _make_workers(self) -> Workers:
        return Threads()

    @asynccontextmanager
    async def draft(self) -> AsyncGenerator[Draft]:
        with told_as_storage():
            file = await self._workers.io(IncomingFile, self._incoming.folder)
        try:
            yield _LocalDraft(file, self._workers, self._objects)
        finally:
            await self._workers.io(file.discard)

    async def read(self, sha256: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        with told_as_storage():
            file, size = await self._workers.io(_open, self._objects / place_of(sha256), sha256, start)
            try:
                left = (size if stop is None else stop) - start
                while left > 0:
                    chunk = await self._workers.io(file.read, min(CHUNK_BYTES, left))
                    if not chunk:
                        raise StorageUnavailableError("an artifact is shorter than it was")
                    left -= len(chunk)
                    yield chunk
            finally:
                file.close()

    async def size_bytes(self, sha256: str) -> int | None:
        with told_as_storage():
            return await self._workers.io(_size, self._objects / place_of(sha256))

    async def inspect(self, sha256: str, look: Callable[[Path], T]) -> T:
        place = self._objects / place_of(sha256)
        if await self.size_bytes(sha256) is None:
            raise NotStoredError(sha256)
        return await self._workers.look(look, place)

    async def delete(self, sha256: str) -> None:
        with told_as_storage():
            await self._workers.io((self._objects / place_of(sha256)).unlink, missing_ok=True)

    async def names(self) -> AsyncIterator[str]:
        with told_as_storage():
            for folder in await self._workers.io(os.listdir, self._objects):
                for name in await self._workers.io(os.listdir, self._objects / folder):
                    if is_place(f"{folder}/{name}"):
                        yield name

    async def close(self) -> None:
        await self._workers.close()
        self._incoming.close()


class InlineStorage(LocalStorage):
    """For simulations: no threads, so nothing of it depends on their timing. It blocks the event loop."""

    def _make_workers(self) -> Workers:
        return NoThreads()


class _LocalDraft(FileDraft):
    def __init__(self, file: IncomingFile, workers: Workers, objects: Path) -> None:
        super().__init__(file, workers)
        self._objects = objects

    async def commit(self) -> None:
        with told_as_storage():
            await self._workers.io(self._commit)

    def _commit(self) -> None:
        place = self._objects / place_of(self.sha256)
        self._file.finish()
        place.parent.mkdir(exist_ok=True, mode=0o700)
        self._file.path.replace(place)
        # Also where another just made it: its sync may still be under way.
        for folder in (place.parent, self._objects):
            _sync_folder(folder)


def _open(place: Path, sha256: str, start: int) -> tuple[BinaryIO, int]:
    try:
        file = place.open("rb", buffering=0)
    except FileNotFoundError:
        raise NotStoredError(sha256) from None
    file.seek(start)
    return file, os.fstat(file.fileno()).st_size


def _size(place: Path) -> int | None:
    try:
        return place.stat().st_size
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
