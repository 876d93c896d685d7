"""Which version answers for files on a target in a project."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from edgemeter_server.devices.targets import KnownTarget
from edgemeter_server.predictors.kernels.staleness import engines_of, stale
from edgemeter_server.predictors.kernels.versions import builds
from edgemeter_server.predictors.tables import predictors


@dataclass(frozen=True, slots=True)
class ActiveKernels:
    """A row of `predictors`; `stale` says why it is of another engine than the target's."""

    id: int
    number: int
    file_sha256: bytes
    stale: str | None


def find_kernels(connection: Connection, project: int, target: KnownTarget) -> ActiveKernels | None:
    values = {"project": project, "target": target.id, "builds": builds()}
    if (row := connection.execute(_ACTIVE, values).one_or_none()) is None:
        return None
    engine_version = json.loads(row.document)["campaign"]["engine_version"]
    why = stale(engines_of(connection, target.id), engine_version)
    return ActiveKernels(row.id, row.number, bytes(row.file_sha256), why)


# Made once: it is asked for with every estimate of a file.
_ACTIVE = select(predictors.c.id, predictors.c.number, predictors.c.file_sha256, predictors.c.document).where(
    predictors.c.project_id == bindparam("project"),
    predictors.c.target_id == bindparam("target"),
    predictors.c.builds == bindparam("builds"),
    predictors.c.active,
)


def how_to_publish() -> str:
    """For people who asked where there is no predictor."""
    return (
        "Nor is there a predictor of files: on the target's machine `edgemeter kernels measure`,"
        " then `kernels fit` and `kernels publish`, each with this `--target`, make one."
    )
