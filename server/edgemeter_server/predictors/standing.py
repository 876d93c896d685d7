"""What answers a question, kept in memory while nothing is written: a search asks thousands of times."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from edgemeter.spaces.space import Space
from edgemeter.wire.access import Role
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.database.base import Database
from edgemeter_server.http.caller import Caller
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors.loaded import Active, Loaded

_MOST: Final = 256
_KEY_BYTES: Final = 8


class _Key(NamedTuple):
    role: Role
    own_project: int | None
    project: str
    builds: str
    target: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The networks that have ever been measured on a target, up to measurement `last_id`: the beginnings of
    their sha256, sorted. One that is not among them has no measurement; of one that is none may count.
    """

    last_id: int
    keys: NDArray[np.uint64]

    def among(self, digests: list[bytes]) -> list[bytes]:
        if not len(self.keys):
            return []
        asked = _keys(digests)
        place = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        return [digests[row] for row in np.flatnonzero(self.keys[place] == asked).tolist()]


@dataclass(frozen=True, slots=True)
class Standing:
    """`seen` is None where it cannot be known: other servers' measurements come in any order."""

    project_id: int
    active: Active
    seen: Seen | None

    def likely_measured(self, digests: list[bytes]) -> list[bytes]:
        return digests if self.seen is None else self.seen.among(digests)


class Standings:
    """The latest asked for. Each is read anew after a write, and always where other processes write."""

    def __init__(self) -> None:
        self._loaded = Loaded()
        self._kept: OrderedDict[_Key, tuple[int, Standing]] = OrderedDict()
        self._seen: OrderedDict[int, Seen] = OrderedDict()

    async def of(
        self, database: Database, caller: Caller, project: str, space: Space, target: str
    ) -> Standing:
        """Raises Refusal NOT_FOUND for a project that the caller does not see, a target without predictor."""
        key = _Key(caller.role, caller.project_id, project, builds_of(space), target)
        version = database.version
        known = self._kept.get(key)
        if known is not None and known[0] == version:
            return known[1]
        alone = version is not None
        standing = await database.read(partial(self._read, caller, project, space, target, alone))
        if version is not None and standing.seen is not None:
            self._seen[standing.active.target.id] = standing.seen
            self._kept[key] = (version, standing)
            _bound(self._kept)
            _bound(self._seen)
        return standing

    def _read(
        self, caller: Caller, project: str, space: Space, target: str, alone: bool, connection: Connection
    ) -> Standing:
        id_ = project_id(connection, caller, project, writing=False)
        active = self._loaded.active(connection, id_, space, target)
        if not alone:
            return Standing(id_, active, None)
        seen = self._seen.get(active.target.id) or Seen(0, np.empty(0, np.uint64))
        return Standing(id_, active, _grown(connection, seen, active.target.id))


def _grown(connection: Connection, seen: Seen, target_id: int) -> Seen:
    newest = connection.execute(_NEWEST).scalar() or 0
    if newest == seen.last_id:
        return seen
    # Of the new rows, whatever their target, few are looked through: the target's own index would be all.
    rows = select(artifacts.c.sha256).join(measurements, measurements.c.artifact_id == artifacts.c.id)
    fresh = rows.where(measurements.c.id > seen.last_id, measurements.c.target_id + 0 == target_id)
    keys = _keys(list(connection.execute(fresh).scalars()))
    return Seen(newest, np.union1d(seen.keys, keys))


def _keys(digests: list[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(digest[:_KEY_BYTES] for digest in digests), np.uint64)


def _bound(kept: OrderedDict[_Key, tuple[int, Standing]] | OrderedDict[int, Seen]) -> None:
    while len(kept) > _MOST:
        kept.popitem(last=False)


_NEWEST = select(func.max(measurements.c.id))
