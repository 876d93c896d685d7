"""How long files take that were handed in: measured where they were; else roughly, where one asks for it."""

from sqlalchemy import Connection, select

from edgemeter.measurement import Interval
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter.wire.estimates import ArtifactEstimate, NewEstimates
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts.repository import artifact_id
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.analytic import analytic_file
from edgemeter_server.predictors.measured import MEASURED_LEVEL, Measured, newest_measurements


def artifact_estimates(
    connection: Connection, caller: Caller, message: NewEstimates
) -> list[ArtifactEstimate]:
    """Raises Refusal NOT_FOUND for a file that the project has not, or that nothing can be told of."""
    project = project_id(connection, caller, message.project, writing=False)
    ids = {sha256: artifact_id(connection, sha256, project) for sha256 in message.artifacts}
    wanted = message.measured and message.level == MEASURED_LEVEL
    found: list[ArtifactEstimate] = []
    for slug in message.targets:
        target = known_target(connection, slug)
        digests = [bytes.fromhex(sha256) for sha256 in ids] if wanted else []
        known = newest_measurements(connection, project, target.id, digests)
        for sha256 in message.artifacts:
            measured = known.get(bytes.fromhex(sha256))
            if measured is not None:
                found.append(_of_measurement(sha256, target, measured))
            elif message.analytic:
                features = _features(connection, ids[sha256])
                found.append(analytic_file(connection, project, target, sha256, features, message.level))
            else:
                raise _not_measured(sha256, target)
    return found


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


def _not_measured(sha256: str, target: KnownTarget) -> Refusal:
    return Refusal(
        ProblemType.NOT_FOUND,
        f"{sha256[:12]} has not been measured on {target.slug}: `edgemeter submit FILE --target"
        f" {target.slug}` does; `analytic` asks for a rough estimate, and `edgemeter predict FILE` on the"
        " target's own machine for that of its kernels",
    )
