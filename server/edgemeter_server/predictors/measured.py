"""What has been measured of networks that are asked about: the better answer, where there is one."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.targets import CURRENT_REVISIONS
from edgemeter_server.jobs.batches import in_batches
from edgemeter_server.measurements.listing import in_project
from edgemeter_server.measurements.tables import measurements

MEASURED_LEVEL = 0.9  #: of the intervals that measurements are stored with


class Measured(NamedTuple):
    id: int
    latency_ms: float
    low_ms: float
    high_ms: float


def newest_measurements(
    connection: Connection, project: int, target_id: int, digests: Collection[bytes]
) -> dict[bytes, Measured]:
    """The newest valid, accepted measurement of the target's current revisions, where there is one.

    `digests` are the sha256 of files or recipes; only those of the project are found.
    """
    values = {"target": target_id, "project": project}
    return {
        digest: Measured(*row)
        for some in in_batches(sorted(digests))
        for digest, *row in connection.execute(_OF_NETWORKS, values | {"digests": some})
    }


# In the order of their ids: of several the newest stays. Made once: it is asked for with every estimate.
_OF_NETWORKS = (
    select(
        artifacts.c.sha256,
        measurements.c.id,
        measurements.c.latency_ms,
        measurements.c.low_ms,
        measurements.c.high_ms,
    )
    .join(measurements, measurements.c.artifact_id == artifacts.c.id)
    .where(
        artifacts.c.sha256.in_(bindparam("digests", expanding=True)),
        measurements.c.target_id == bindparam("target"),
        measurements.c.revision_id.in_(CURRENT_REVISIONS),
        measurements.c.valid,
        measurements.c.accepted,
        in_project(bindparam("project")),
    )
    .order_by(measurements.c.id)
)
