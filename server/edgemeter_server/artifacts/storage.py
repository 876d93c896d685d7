"""The contract of the place where artifacts lie: bytes, found by their SHA-256."""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, TypeVar

from edgemeter.failures import EdgeMeterError

T = TypeVar("T")

CHUNK_BYTES: Final = 1 << 20

_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class StorageError(EdgeMeterError):
    """Base of what a storage raises. No message names a path or an address.

    StorageError
      NotStoredError            no such bytes
      StorageFullError          no space is left; nothing was kept
      StorageUnavailableError   it cannot be reached, or does not work
    """


class NotStoredError(StorageError):
    def __init__(self, sha256: str) -> None:
        super().__init__(f"nothing is stored as {sha256}")


class StorageFullError(StorageError):
    pass


class StorageUnavailableError(StorageError):
    pass


class Draft(ABC):
    """Bytes on their way in, in a local file that nobody else knows of."""

    @property
    @abstractmethod
    def sha256(self) -> str:
        """Of what was written so far."""

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """What was written so far."""

    @abstractmethod
    async def write(self, data: bytes) -> None:
        """Appends. Raises StorageFullError."""

    @abstractmethod
    async def inspect(self, look: Callable[[Path], T]) -> T:
        """What `look` makes of the file, which it must not change; what it raises is raised here.

        Looks are slow, so only few run at once, in other threads than reading and writing.
        """

    @abstractmethod
    async def commit(self) -> None:
        """Stores what was written under its own SHA-256, in place of what may be there already.

        Returns only when it is durable: after a power loss the bytes are there, whole, under their
        name. Before that nobody sees any of them. Nothing may be written afterwards.
        """


class Storage(ABC):
    """Bytes under their SHA-256, each once. Whole or not at all; never changed, only replaced by the same.

    A name is made by the storage from the bytes themselves, or is checked to be 64 digits of
    lower-case hex (else ValueError): no name leads anywhere else.

    All methods may be called at once, from one event loop, by several servers over one place. A
    delete that meets a commit of the same bytes may win over it: whoever deletes makes sure that nobody
    stores the same meanwhile (see collection.py). A reader that has begun is not disturbed by either on
    `LocalStorage`, and may fail on `S3Storage`.

    Raises StorageError, and nothing else of its own. Implementations: `LocalStorage` (a folder),
    `InlineStorage` (the same in the caller's own thread, for simulations), `S3Storage`.
    """

    @abstractmethod
    def draft(self) -> AbstractAsyncContextManager[Draft]:
        """A new draft. Leaving the block without a commit leaves nothing behind, and so does a crash,
        once a storage of the same place is opened again.
        """

    @abstractmethod
    def read(self, sha256: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from `start` up to `stop` (None: the end), in chunks of at most `CHUNK_BYTES`.

        `0 <= start <= stop <= size`. Raises NotStoredError before the first chunk. Never yields fewer bytes
        than asked for: raises StorageUnavailableError instead.
        """

    @abstractmethod
    async def size_bytes(self, sha256: str) -> int | None:
        """None where there is nothing of that name."""

    async def exists(self, sha256: str) -> bool:
        return await self.size_bytes(sha256) is not None

    @abstractmethod
    async def inspect(self, sha256: str, look: Callable[[Path], T]) -> T:
        """As `Draft.inspect`, of what is stored. Raises NotStoredError."""

    @abstractmethod
    async def delete(self, sha256: str) -> None:
        """No error where there is nothing."""

    @abstractmethod
    def names(self) -> AsyncIterator[str]:
        """The SHA-256 of everything stored, in no order. What comes or goes meanwhile may be missing."""

    @abstractmethod
    async def close(self) -> None:
        """Waits for what was begun. No draft may be open."""


def place_of(sha256: str) -> str:
    """Where bytes lie in a storage: "ab/ab12...". Raises ValueError for anything but a SHA-256."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    return f"{sha256[:2]}/{sha256}"


def is_place(place: str) -> bool:
    """Whether `place_of` made it."""
    folder, _, name = place.partition("/")
    return bool(_SHA256.fullmatch(name)) and folder == name[:2]
