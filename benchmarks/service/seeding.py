"""A database with devices and a million pending jobs, written before the server starts."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, insert, literal, select, text

from edgemeter.wire.access import Role
from edgemeter.wire.requests import JobState, RequestItem
from edgemeter.wire.specs import JobSpec
from edgemeter_server.access import projects, tokens
from edgemeter_server.access.tables import projects as project_rows
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.database.opening import open_database, upgrade
from edgemeter_server.devices.tables import devices, targets
from edgemeter_server.jobs.specs import intern, ready_specs
from edgemeter_server.jobs.tables import jobs
from edgemeter_server.measurements.testing import TARGET
from edgemeter_server.settings import Settings
from simulation.measuring import target_document

_NETWORKS = 10_000
_FAR_US = 1_700_000_000_000_000


@dataclass(frozen=True, slots=True)
class Seeded:
    """Tokens of devices: of those that work and of those that only wait."""

    working: tuple[str, ...]
    waiting: tuple[str, ...]


async def seed(settings: Settings, pending: int, working: int, waiting: int) -> Seeded:
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    await upgrade(settings)
    async with open_database(settings) as opened:
        write = opened.database.write
        issued = await write(partial(_devices, working + waiting))
        networks = min(pending, _NETWORKS)
        await write(partial(_networks, networks))
        for number in range(-(-pending // networks)):
            await write(partial(_jobs, number))
        # What a database that grew at its own pace knows of itself: PostgreSQL looks once a minute.
        await write(lambda connection: connection.execute(text("ANALYZE")))
    return Seeded(issued[:working], issued[working:])


def _devices(count: int, connection: Connection) -> tuple[str, ...]:
    projects.ensure_default(connection, _FAR_US)
    document = target_document(TARGET).model_dump_json()
    row = {"slug": TARGET.slug, "document": document, "formats": "onnx", "created_us": _FAR_US}
    connection.execute(insert(targets), row)
    return tuple(_device(connection, f"board-{number}") for number in range(count))


def _device(connection: Connection, slug: str) -> str:
    row = {
        "slug": slug,
        "name": slug,
        "description": "{}",
        "health": "good",
        "health_reason": "",
        "strikes": 0,
    }
    added = insert(devices).values(**row, created_us=_FAR_US).returning(devices.c.id)
    device_id = int(connection.execute(added).scalar_one())
    return tokens.issue(connection, slug, Role.AGENT, device_id=device_id, now_us=_FAR_US)[1]


def _networks(count: int, connection: Connection) -> None:
    known = {"size_bytes": 1_000_000, "format": "onnx", "created_us": _FAR_US, "features": "{}"}
    connection.execute(insert(artifacts), [{"sha256": os.urandom(32), **known} for _ in range(count)])
    project = select(project_rows.c.id).scalar_subquery()
    row = select(project, artifacts.c.id, literal("network.onnx"), literal(_FAR_US))
    columns: Sequence[str] = ("project_id", "artifact_id", "name", "created_us")
    connection.execute(insert(project_artifacts).from_select(columns, row))


def _jobs(number: int, connection: Connection) -> None:
    """One of each network, under a spec of their own."""
    item = RequestItem(artifact="0" * 64, target=TARGET.slug, spec=JobSpec(protocol="survey", seed=number))
    [ready] = ready_specs([item])
    spec_id = intern(connection, {ready.digest: ready})[ready.digest]
    row = {
        "project_id": select(project_rows.c.id).scalar_subquery(),
        "artifact_id": artifacts.c.id,
        "target_id": select(targets.c.id).scalar_subquery(),
        "spec_id": literal(spec_id),
        "state": literal(JobState.PENDING.value),
        **{name: literal(0) for name in ("priority", "attempts", "tries")},
        "wanted": literal(1),
        "not_before_us": literal(_FAR_US),
        "created_us": literal(_FAR_US),
    }
    connection.execute(insert(jobs).from_select(list(row), select(*row.values()).order_by(artifacts.c.id)))
