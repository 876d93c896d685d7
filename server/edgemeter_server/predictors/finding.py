"""What the database says of files on targets, for their estimates: all in one reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from edgemeter.wire.estimates import NewEstimates
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts.graphs import Stored, stored_graph
from edgemeter_server.artifacts.repository import artifact_id
from edgemeter_server.database.base import Database
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.caller import Caller, Sight
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.kept import KeptUntilWritten
from edgemeter_server.predictors.kernels.active import ActiveKernels, find_kernels
from edgemeter_server.predictors.kernels.prices import File, KernelPrices
from edgemeter_server.predictors.measured import MEASURED_LEVEL, Measured, newest_measurements

#: Files that are priced anew for one question: each takes milliseconds.
_MOST_NEW: Final = 500
#: Files whose graphs are read together with all else: each is a megabyte at most.
_FEW: Final = 4
_MOST_KEPT: Final = 256


class _Answerer(NamedTuple):
    """Who answers on one target: nobody where `active` is None."""

    target: KnownTarget
    active: ActiveKernels | None


class _Standing(NamedTuple):
    project_id: int
    answerers: tuple[_Answerer, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One target, who answers there, and what has been measured of the files."""

    target: KnownTarget
    active: ActiveKernels | None
    measured: Mapping[bytes, Measured]


@dataclass(frozen=True, slots=True)
class Found:
    """`graphs` are those of the first files that are to be priced, by their ids."""

    project_id: int
    files: tuple[File, ...]
    places: tuple[Place, ...]
    graphs: Mapping[int, Stored | None]


class Finding:
    """Of project, targets and predictors it remembers what it has read, until the next write."""

    def __init__(self, prices: KernelPrices) -> None:
        self._prices = prices
        self._standings: KeptUntilWritten[tuple[Sight, str, tuple[str, ...]], _Standing] = KeptUntilWritten(
            _MOST_KEPT
        )

    async def find(self, database: Database, caller: Caller, message: NewEstimates) -> Found:
        """Raises Refusal NOT_FOUND for what is not the caller's, TOO_LARGE."""
        return await database.read(
            partial(self._find, version=database.version, caller=caller, message=message)
        )

    def _find(
        self, connection: Connection, version: int | None, caller: Caller, message: NewEstimates
    ) -> Found:
        key = caller.sight, message.project, message.targets
        standing = self._standings.get(version, key)
        if standing is None:
            standing = _standing(connection, caller, message)
            self._standings.put(version, key, standing)
        project = standing.project_id
        files = tuple(File(artifact_id(connection, sha256, project), sha256) for sha256 in message.artifacts)
        places = tuple(_place(connection, project, each, message) for each in standing.answerers)
        new = self._new(files, places, message.level)
        return Found(project, files, places, {id_: stored_graph(connection, id_) for id_ in new[:_FEW]})

    def _new(self, files: Sequence[File], places: Sequence[Place], level: float) -> list[int]:
        """The ids of the files that are to be priced, once for each target. Raises Refusal TOO_LARGE."""
        new = [
            file.id
            for place in places
            for file in files
            if place.active is not None
            and bytes.fromhex(file.sha256) not in place.measured
            and self._prices.known(place.active, file, level) is None
        ]
        if len(new) > _MOST_NEW:
            words = f"{len(new)} predictions of files are new; at most {_MOST_NEW} are made at once"
            raise Refusal(ProblemType.TOO_LARGE, f"{words}: ask in parts")
        return new


def _standing(connection: Connection, caller: Caller, message: NewEstimates) -> _Standing:
    project = project_id(connection, caller, message.project, writing=False)
    targets = [known_target(connection, slug) for slug in message.targets]
    answerers = [_Answerer(target, find_kernels(connection, project, target)) for target in targets]
    return _Standing(project, tuple(answerers))


def _place(connection: Connection, project: int, answerer: _Answerer, message: NewEstimates) -> Place:
    wanted = message.measured and message.level == MEASURED_LEVEL
    digests = [bytes.fromhex(sha256) for sha256 in message.artifacts] if wanted else []
    measured = newest_measurements(connection, project, answerer.target.id, digests)
    return Place(*answerer, measured)
