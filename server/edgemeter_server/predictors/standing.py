"""What answers a question, kept in memory while nothing is written: a search asks thousands of times."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, func, select

from edgemeter.spaces.space import Space
from edgemeter.wire.recipes import Addresses, RecipeKind
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.database.base import Database
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.caller import Caller, Sight
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors.asked import About
from edgemeter_server.predictors.kept import Kept, KeptUntilWritten
from edgemeter_server.predictors.loaded import Active, Loaded

_MOST: Final = 256
_KEY_BYTES: Final = 8
_Key = tuple[Sight, str, str, str]  # project, what the space builds, target


@dataclass(frozen=True, slots=True)
class Seen:
    """The networks that have ever been measured on a target, up to measurement `last_id`: the beginnings of
    their sha256 as numbers, sorted. One that is not among them has no measurement; of one that is none may
    count.
    """

    last_id: int
    keys: memoryview

    def among(self, digests: list[bytes]) -> list[bytes]:
        return [digest for digest in digests if self._has(_key(digest))]

    def _has(self, key: int) -> bool:
        place = bisect_left(self.keys, key)
        return place < len(self.keys) and self.keys[place] == key


@dataclass(frozen=True, slots=True)
class Standing:
    """What answers for a space on a target in a project: nobody where `active` is None. `seen` is None where
    it is not known, as where other servers' measurements come in any order.
    """

    about: About
    target: KnownTarget
    active: Active | None
    addresses: Addresses  #: of the space's architectures
    seen: Seen | None = None

    def likely_measured(self, digests: list[bytes]) -> list[bytes]:
        return digests if self.seen is None else self.seen.among(digests)


class Standings:
    """The latest asked for. Each is read anew after a write, and always where other processes write."""

    def __init__(self) -> None:
        self.loaded = Loaded()
        self._kept: KeptUntilWritten[_Key, Standing] = KeptUntilWritten(_MOST)
        self._seen: Kept[int, Seen] = Kept(_MOST)

    async def of(
        self, database: Database, caller: Caller, project: str, space: Space, target: str
    ) -> Standing:
        """Raises Refusal NOT_FOUND for a project that the caller does not see, and an unknown target."""
        version = database.version
        if version is None:
            return await database.read(lambda c: self.read(c, caller, project, space, target))
        key = caller.sight, project, builds_of(space), target
        found = self._kept.get(version, key)
        if found is None:
            found = await database.read(lambda c: self._read_with_seen(c, caller, project, space, target))
            self._kept.put(version, key, found)
        return found

    def read(
        self, connection: Connection, caller: Caller, project: str, space: Space, target: str
    ) -> Standing:
        """As `of`, as it is now."""
        id_ = project_id(connection, caller, project, writing=False)
        known = known_target(connection, target)
        about = About(id_, known.id, builds_of(space))
        addresses = known.kind.addressing(about.builds, RecipeKind.ARCHITECTURE)
        return Standing(about, known, self.loaded.find(connection, id_, space, known), addresses)

    def _read_with_seen(
        self, connection: Connection, caller: Caller, project: str, space: Space, target: str
    ) -> Standing:
        found = self.read(connection, caller, project, space, target)
        before = self._seen.get(found.target.id) or Seen(0, memoryview(array("Q")))
        seen = _grown(connection, before, found.target.id)
        self._seen.put(found.target.id, seen)
        return replace(found, seen=seen)


def _grown(connection: Connection, seen: Seen, target_id: int) -> Seen:
    newest = connection.execute(_NEWEST).scalar() or 0
    if newest == seen.last_id:
        return seen
    # Of the new rows, whatever their target, few are looked through: the target's own index would be all.
    rows = select(artifacts.c.sha256).join(measurements, measurements.c.artifact_id == artifacts.c.id)
    fresh = rows.where(measurements.c.id > seen.last_id, measurements.c.target_id + 0 == target_id)
    keys = sorted([*seen.keys, *map(_key, connection.execute(fresh).scalars())])
    return Seen(newest, memoryview(array("Q", keys)))


def _key(digest: bytes) -> int:
    return int.from_bytes(digest[:_KEY_BYTES], "big")


_NEWEST = select(func.max(measurements.c.id))
