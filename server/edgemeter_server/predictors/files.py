"""How long files take that were handed in: measured where they were, else predicted by their kernels; where
there is no predictor roughly, if one asks for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from edgemeter.isolation.texts import printable
from edgemeter.kernels.plugins import KernelEstimate
from edgemeter.measurement import Interval
from edgemeter.wire.access import Role
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter.wire.estimates import ArtifactEstimate, KernelPart, NewEstimates
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts.graphs import Stored, stored_graph
from edgemeter_server.artifacts.repository import artifact_id
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.analytic import analytic_file
from edgemeter_server.predictors.kept import Kept
from edgemeter_server.predictors.kernels.active import ActiveKernels, find_kernels, how_to_publish
from edgemeter_server.predictors.kernels.prices import File, KernelPrices
from edgemeter_server.predictors.measured import MEASURED_LEVEL, Measured, newest_measurements
from edgemeter_server.services import Services

#: Files that are priced anew for one question: each takes milliseconds.
_MOST_NEW: Final = 500
#: Files whose graphs are read together with all else: each is a megabyte at most.
_FEW: Final = 4
_MOST_KEPT: Final = 512
_NAME_SIGNS: Final = 200

Answers = Sequence[ArtifactEstimate]


class _Key(NamedTuple):
    role: Role
    own_project: int | None
    message: NewEstimates


class FileAnswers:
    """What this process has answered, until the next write, and the prices that it is made of."""

    def __init__(self) -> None:
        self.prices = KernelPrices()
        self._kept: Kept[_Key, tuple[int, Answers]] = Kept(_MOST_KEPT)

    async def of(self, services: Services, caller: Caller, message: NewEstimates) -> Answers:
        """Raises Refusal NOT_FOUND for a file that the project has not, or that nothing can be told of."""
        version = services.database.version
        key = _Key(caller.role, caller.project_id, message)
        known = self._kept.get(key)
        if known is not None and known[0] == version:
            return known[1]
        found = await _answered(services, caller, message)
        if version is not None:
            self._kept.put(key, (version, found))
        return found


@dataclass(frozen=True, slots=True)
class _Place:
    """One target, and what the database says of the files there."""

    target: KnownTarget
    measured: dict[bytes, Measured]
    active: ActiveKernels | None


@dataclass(frozen=True, slots=True)
class _Found:
    """`graphs` are those of the first files that are to be priced, by their ids."""

    project_id: int
    files: tuple[File, ...]
    places: tuple[_Place, ...]
    graphs: Mapping[int, Stored | None]


async def _answered(services: Services, caller: Caller, message: NewEstimates) -> Answers:
    prices = services.files.prices
    found = await services.database.read(partial(_find, prices=prices, caller=caller, message=message))
    return [
        await _answer(services, message, found, place, file) for place in found.places for file in found.files
    ]


def _find(connection: Connection, prices: KernelPrices, caller: Caller, message: NewEstimates) -> _Found:
    project = project_id(connection, caller, message.project, writing=False)
    files = tuple(File(artifact_id(connection, sha256, project), sha256) for sha256 in message.artifacts)
    targets = [known_target(connection, slug) for slug in message.targets]
    places = tuple(_place(connection, project, target, message) for target in targets)
    new = _new(prices, files, places, message.level)
    return _Found(project, files, places, {id_: stored_graph(connection, id_) for id_ in new[:_FEW]})


def _place(connection: Connection, project: int, target: KnownTarget, message: NewEstimates) -> _Place:
    wanted = message.measured and message.level == MEASURED_LEVEL
    digests = [bytes.fromhex(sha256) for sha256 in message.artifacts] if wanted else []
    measured = newest_measurements(connection, project, target.id, digests)
    return _Place(target, measured, find_kernels(connection, project, target))


def _new(prices: KernelPrices, files: Sequence[File], places: Sequence[_Place], level: float) -> list[int]:
    """The ids of the files that are to be priced, once for each target. Raises Refusal TOO_LARGE."""
    new = [
        file.id
        for place in places
        for file in files
        if place.active is not None
        and bytes.fromhex(file.sha256) not in place.measured
        and prices.known(place.active, file, level) is None
    ]
    if len(new) > _MOST_NEW:
        words = f"{len(new)} predictions of files are new; at most {_MOST_NEW} are made at once: ask in parts"
        raise Refusal(ProblemType.TOO_LARGE, words)
    return new


async def _answer(
    services: Services, message: NewEstimates, found: _Found, place: _Place, file: File
) -> ArtifactEstimate:
    measured = place.measured.get(bytes.fromhex(file.sha256))
    if measured is not None:
        return _of_measurement(file.sha256, place.target, measured)
    if place.active is not None:
        graph = found.graphs.get(file.id)
        price = await services.files.prices.of(services, place.active, file, message.level, graph)
        return _of_prediction(file.sha256, place.target, place.active, price, message)
    if message.analytic:
        return await services.database.read(
            partial(_roughly, found.project_id, place.target, file, message.level)
        )
    raise _not_known(file.sha256, place.target)


def _roughly(
    project: int, target: KnownTarget, file: File, level: float, connection: Connection
) -> ArtifactEstimate:
    return analytic_file(connection, project, target, file.sha256, _features(connection, file.id), level)


def _features(connection: Connection, id_: int) -> GraphFeatures | None:
    """None of what the server has not looked into yet."""
    text = connection.execute(select(artifacts.c.features).where(artifacts.c.id == id_)).scalar()
    return None if text is None else GraphFeatures.model_validate_json(text)


def _of_measurement(sha256: str, target: KnownTarget, measured: Measured) -> ArtifactEstimate:
    return ArtifactEstimate(
        artifact=sha256,
        target=target.slug,
        latency_ms=measured.latency_ms,
        interval=Interval(low_ms=measured.low_ms, high_ms=measured.high_ms, level=MEASURED_LEVEL),
        source="measured",
        measurement_id=measured.id,
    )


def _of_prediction(
    sha256: str, target: KnownTarget, active: ActiveKernels, price: KernelEstimate, message: NewEstimates
) -> ArtifactEstimate:
    return ArtifactEstimate(
        artifact=sha256,
        target=target.slug,
        latency_ms=price.latency_ms,
        interval=Interval(low_ms=price.low_ms, high_ms=price.high_ms, level=message.level),
        source="predicted",
        predictor_id=active.id,
        predictor_number=active.number,
        unknown_operators=tuple(map(_name, price.unknown_operators)),
        stale=active.stale,
        parts=_parts(price) if message.parts else None,
        rest_ms=price.rest_ms if message.parts else None,
    )


def _parts(price: KernelEstimate) -> tuple[KernelPart, ...]:
    return tuple(
        KernelPart(kernel=_name(each.name), kind=_name(each.kind), latency_ms=each.latency_ms)
        for each in price.kernels
    )


def _name(text: str) -> str:
    """Names are the file's own."""
    return printable(text)[:_NAME_SIGNS]


def _not_known(sha256: str, target: KnownTarget) -> Refusal:
    return Refusal(
        ProblemType.NOT_FOUND,
        f"{sha256[:12]} has not been measured on {target.slug}: `edgemeter submit FILE --target"
        f" {target.slug}` does. {how_to_publish()} `analytic` asks for a rough estimate",
    )
