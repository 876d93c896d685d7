"""Artifacts in a bucket of an S3-compatible service.

What comes in lies in a local folder until it is whole and checked; so a bucket never holds half of one,
and no unfinished multipart upload of a client that went away.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from obstore.exceptions import BaseError
from obstore.store import S3Store

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
from edgemeter_server.artifacts.workers import Threads, Workers

T = TypeVar("T")

_PART_BYTES: Final = 8 << 20
_LISTED: Final = 1000


class S3Storage(Storage):
    """`url` is s3://bucket/prefix. Keys and region come from the environment as for every AWS tool
    (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, or the machine's role).
    """

    def __init__(self, url: str, incoming: Path, endpoint: str | None = None) -> None:
        with told_as_storage():
            self._incoming = Incoming(incoming)
        self._workers = Threads()
        self._store = S3Store.from_url(
            url,
            config={} if endpoint is None else {"endpoint": endpoint},
            client_options={"allow_http": (endpoint or "").startswith("http://")},
            retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=30)},
            disable_bulk_delete=True,  # which several services do not have
        )

    @asynccontextmanager
    async def draft(self) -> AsyncGenerator[Draft]:
        with told_as_storage():
            file = await self._workers.io(IncomingFile, self._incoming.folder)
        try:
            yield _S3Draft(file, self._workers, self._store)
        finally:
            await self._workers.io(file.discard)

    async def read(self, sha256: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        size = await self.size_bytes(sha256)
        if size is None:
            raise NotStoredError(sha256)
        end = size if stop is None else stop
        # A request for each part: the service's time limit is for a part, however slow the reader is.
        for first in range(start, end, CHUNK_BYTES):
            last = min(first + CHUNK_BYTES, end)
            with _told_as_storage(sha256):
                part = await self._store.get_range_async(place_of(sha256), start=first, end=last)
            if len(part) != last - first:
                raise StorageUnavailableError("an artifact is shorter than it was")
            yield bytes(part)

    async def size_bytes(self, sha256: str) -> int | None:
        try:
            with _told_as_storage(sha256):
                return (await self._store.head_async(place_of(sha256)))["size"]
        except NotStoredError:
            return None

    async def inspect(self, sha256: str, look: Callable[[Path], T]) -> T:
        async with self.draft() as draft:
            async for chunk in self.read(sha256):
                await draft.write(chunk)
            return await draft.inspect(look)

    async def delete(self, sha256: str) -> None:
        place = place_of(sha256)
        try:
            with _told_as_storage(sha256):
                await self._store.delete_async(place)
        except NotStoredError:
            return

    async def names(self) -> AsyncIterator[str]:
        with _told_as_storage():
            async for page in self._store.list(chunk_size=_LISTED):
                for found in page:
                    if is_place(found["path"]):
                        yield found["path"].partition("/")[2]

    async def close(self) -> None:
        await self._workers.close()
        self._incoming.close()


class _S3Draft(FileDraft):
    def __init__(self, file: IncomingFile, workers: Workers, store: S3Store) -> None:
        super().__init__(file, workers)
        self._store = store

    async def commit(self) -> None:
        with _told_as_storage():
            await self._store.put_async(place_of(self.sha256), self._file.path, chunk_size=_PART_BYTES)


@contextmanager
def _told_as_storage(sha256: str | None = None) -> Iterator[None]:
    """Of one object, or of the bucket. The library's own messages name addresses and keys."""
    try:
        yield
    except (BaseError, OSError) as error:
        if sha256 is not None and isinstance(error, FileNotFoundError):
            raise NotStoredError(sha256) from None
        raise StorageUnavailableError("the artifacts' bucket cannot be reached, or refused") from error
