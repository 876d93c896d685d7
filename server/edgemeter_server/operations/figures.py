"""What monitoring is told of the whole installation, read in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, literal_column, select

from edgemeter.wire.devices import DeviceHealth
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.tables import agent_sessions, devices
from edgemeter_server.jobs.figures import QueueFigures, queue_figures
from edgemeter_server.jobs.tables import attempts
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.operations.drift import drift_by_target
from edgemeter_server.predictors.figures import WatchedFigure, watched_figures
from edgemeter_server.services import Services


@dataclass(frozen=True, slots=True)
class Figures:
    queue: QueueFigures
    newest_attempt: int
    newest_measurement: int
    agents_live: int
    devices: Mapping[DeviceHealth, int]
    drift_by_target: Mapping[str, float]
    watched: Sequence[WatchedFigure]
    artifact_bytes: int
    database_bytes: int = 0


async def figures_of(services: Services) -> Figures:
    lost_us = round(services.settings.session_lost_s * 1e6)
    figures = await services.database.read(lambda c: _figures(c, services.clock.now_us(c), lost_us))
    return replace(figures, database_bytes=await services.database.size_bytes())


def _figures(connection: Connection, now_us: int, lost_us: int) -> Figures:
    live = select(func.count()).where(
        agent_sessions.c.closed_us.is_(None), agent_sessions.c.seen_us >= now_us - lost_us
    )
    stored = select(func.coalesce(func.sum(artifacts.c.size_bytes), 0)).where(
        artifacts.c.state == literal_column("'stored'")
    )
    return Figures(
        queue=queue_figures(connection, now_us),
        newest_attempt=connection.execute(select(func.max(attempts.c.id))).scalar() or 0,
        newest_measurement=connection.execute(select(func.max(measurements.c.id))).scalar() or 0,
        agents_live=connection.execute(live).scalar_one(),
        devices=_devices(connection),
        drift_by_target=drift_by_target(connection),
        watched=watched_figures(connection),
        artifact_bytes=int(connection.execute(stored).scalar_one()),
    )


def _devices(connection: Connection) -> dict[DeviceHealth, int]:
    counted = select(devices.c.health, func.count()).group_by(devices.c.health)
    return {DeviceHealth(health): count for health, count in connection.execute(counted)}
