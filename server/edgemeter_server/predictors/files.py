"""How long files take that were handed in: measured where they were, else predicted by their kernels; where
there is no predictor roughly, if one asks for it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from edgemeter.isolation.texts import printable
from edgemeter.kernels.plugins import KernelEstimate
from edgemeter.measurement import Interval
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter.wire.estimates import ArtifactEstimate, KernelPart, NewEstimates
from edgemeter.wire.problems import ProblemType
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.targets import KnownTarget
from edgemeter_server.http.caller import Caller, Sight
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.analytic import analytic_file
from edgemeter_server.predictors.finding import Finding, Found, Place
from edgemeter_server.predictors.kept import KeptUntilWritten
from edgemeter_server.predictors.kernels.active import ActiveKernels, how_to_publish
from edgemeter_server.predictors.kernels.prices import File, KernelPrices
from edgemeter_server.predictors.measured import MEASURED_LEVEL, Measured
from edgemeter_server.services import Services

_MOST_KEPT: Final = 512
_NAME_SIGNS: Final = 200

Answers = Sequence[ArtifactEstimate]


class FileAnswers:
    """What this process has answered, until the next write, and the prices that it is made of."""

    def __init__(self) -> None:
        self.prices = KernelPrices()
        self._finding = Finding(self.prices)
        self._kept: KeptUntilWritten[tuple[Sight, NewEstimates], Answers] = KeptUntilWritten(_MOST_KEPT)

    async def of(self, services: Services, caller: Caller, message: NewEstimates) -> Answers:
        """Raises Refusal NOT_FOUND for a file that the project has not, or that nothing can be told of."""
        version = services.database.version
        key = caller.sight, message
        answers = self._kept.get(version, key)
        if answers is None:
            found = await self._finding.find(services.database, caller, message)
            answers = [
                await _answer(services, found, place, file, message)
                for place in found.places
                for file in found.files
            ]
            self._kept.put(version, key, answers)
        return answers


async def _answer(
    services: Services, found: Found, place: Place, file: File, message: NewEstimates
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
