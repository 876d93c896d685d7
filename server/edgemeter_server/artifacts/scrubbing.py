"""Reads everything that is stored again, and tells what is not what it was."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, select

from edgemeter_server.artifacts.storage import NotStoredError, Storage
from edgemeter_server.artifacts.tables import ArtifactState, artifacts
from edgemeter_server.database.base import Work

T = TypeVar("T")

_AT_ONCE: Final = 1000
_IS_STORED: Final = artifacts.c.state == ArtifactState.STORED.value


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """By SHA-256. `changed`: the bytes are others; uploading the file again heals it. `missing`: only the
    database has it. `unknown`: only the storage has it, as after the restore of an older database.
    """

    checked: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not (self.changed or self.missing)


class Reader(Protocol):
    """As much of a `Database` as is needed here."""

    async def read(self, work: Work[T]) -> T: ...


async def scrub(database: Reader, storage: Storage) -> Scrubbed:
    """Slow, and harmless beside a running service."""
    checked, changed, unknown = 0, [], []
    async for names in _pages(storage.names()):
        known = await database.read(partial(_known, names=names))
        unknown += [name for name in names if name not in known]
        changed += [name for name in names if await _is_changed(storage, name)]
        checked += len(names)
    missing = [name async for name in _missing(database, storage)]
    return Scrubbed(checked, tuple(changed), tuple(missing), tuple(unknown))


async def _pages(names: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    page: list[str] = []
    async for name in names:
        page.append(name)
        if len(page) == _AT_ONCE:
            yield page
            page = []
    yield page


async def _is_changed(storage: Storage, name: str) -> bool:
    found = hashlib.sha256()
    try:
        async for chunk in storage.read(name):
            found.update(chunk)
    except NotStoredError:  # removed meanwhile
        return False
    return found.hexdigest() != name


async def _missing(database: Reader, storage: Storage) -> AsyncIterator[str]:
    after_id = 0
    while rows := await database.read(partial(_stored, after_id=after_id)):
        for _, name in rows:
            # Looked up again: it may have been removed meanwhile, by right.
            if not await storage.exists(name) and await database.read(partial(_is_stored, name=name)):
                yield name
        after_id = rows[-1][0]


def _known(connection: Connection, names: Sequence[str]) -> set[str]:
    digests = [bytes.fromhex(name) for name in names]
    rows = select(artifacts.c.sha256).where(artifacts.c.sha256.in_(digests))
    return {digest.hex() for digest in connection.execute(rows).scalars()}


def _stored(connection: Connection, after_id: int) -> Sequence[tuple[int, str]]:
    rows = select(artifacts.c.id, artifacts.c.sha256).where(_IS_STORED, artifacts.c.id > after_id)
    found = connection.execute(rows.order_by(artifacts.c.id).limit(_AT_ONCE))
    return [(row.id, row.sha256.hex()) for row in found]


def _is_stored(connection: Connection, name: str) -> bool:
    rows = select(artifacts.c.id).where(_IS_STORED, artifacts.c.sha256 == bytes.fromhex(name))
    return connection.execute(rows).first() is not None
