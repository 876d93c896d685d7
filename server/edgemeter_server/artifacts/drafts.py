"""The local file that every draft is, wherever it goes in the end."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edgemeter_server.artifacts.failures import told_as_storage
from edgemeter_server.artifacts.incoming import IncomingFile
from edgemeter_server.artifacts.storage import Draft
from edgemeter_server.artifacts.workers import Workers

T = TypeVar("T")


class FileDraft(Draft):
    """Opened and discarded by its storage, which also says in `commit` where it goes."""

    def __init__(self, file: IncomingFile, workers: Workers) -> None:
        self._file = file
        self._workers = workers

    @property
    def sha256(self) -> str:
        return self._file.sha256

    @property
    def size_bytes(self) -> int:
        return self._file.size_bytes

    async def write(self, data: bytes) -> None:
        with told_as_storage():
            await self._workers.io(self._file.write, data)

    async def inspect(self, look: Callable[[Path], T]) -> T:
        return await self._workers.look(look, self._file.path)
