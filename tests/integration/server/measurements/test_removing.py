"""Deletion and retention: what goes, what stays, and what is told of it."""

import json
from collections.abc import Awaitable, Callable
from random import Random

import httpx
from sqlalchemy import Connection, func, select, text

from edgemeter.measurement import Layer
from edgemeter.wire.access import Role
from edgemeter.wire.measurements import MeasurementRecord
from edgemeter_server.access.tables import audit
from edgemeter_server.jobs.tables import jobs, requests
from edgemeter_server.measurements import partitions, retention, testing
from edgemeter_server.measurements.retention import thin
from edgemeter_server.measurements.tables import (
    interned,
    measurement_layers,
    measurement_quantiles,
    measurement_samples,
    measurements,
)
from edgemeter_server.services import Services

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]
ALL = (measurements, measurement_samples, measurement_quantiles, measurement_layers, interned)
DAY_S = 86_400


async def _counts(services: Services) -> list[int]:
    def work(connection: Connection) -> list[int]:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in ALL]

    return await services.database.read(work)


async def _record(client: httpx.AsyncClient, id_: int) -> MeasurementRecord:
    return MeasurementRecord.model_validate_json((await client.get(f"/v1/measurements/{id_}")).content)


async def test_deletion_leaves_nothing_of_it(lab, services: Services, client_of: ClientOf) -> None:
    sha256 = await lab.artifact(await lab.project("vision"))
    layer = Layer(
        name="a", kind="Conv", share=1.0, latency_ms=1.0, precision=None, processor="cpu", operators=()
    )
    document = testing.measurement(lab.random, sha256, ()).model_copy(update={"layers": (layer,)})
    first, second = await lab.stored([document, document])
    admin = await client_of(Role.ADMIN)
    assert (await admin.delete(f"/v1/measurements/{first}")).status_code == 204
    assert await _counts(services) == [1, 1, 0, 1, 2]
    assert (await _record(admin, second)).measurement.layers == (layer,)
    assert (await admin.delete(f"/v1/measurements/{first}")).status_code == 404
    assert (await admin.delete(f"/v1/measurements/{second}")).status_code == 204
    assert await _counts(services) == [0, 0, 0, 0, 0]
    told = await services.database.read(lambda c: c.execute(select(audit.c.action, audit.c.detail)).all())
    assert [json.loads(row.detail)["measurement"] for row in told if row.action == "measurement.deleted"] == [
        first,
        second,
    ]


async def test_only_admins_delete(lab, client_of: ClientOf) -> None:
    project = await lab.project("vision")
    id_ = await lab.measured(await lab.artifact(project))
    for role in (Role.VIEWER, Role.SUBMITTER):
        client = await client_of(role, project="vision")
        assert (await client.delete(f"/v1/measurements/{id_}")).status_code == 403


async def test_requests_keep_a_state_that_is_told(lab, services: Services, client_of: ClientOf) -> None:
    project = await lab.project("vision")
    sha256 = await lab.artifact(project)
    id_ = await lab.measured(sha256)
    of_id = select(measurements.c.job_id).where(measurements.c.id == id_)
    job_id = await services.database.read(lambda c: c.execute(of_id).scalar_one())
    stored = await lab.asked(project, sha256, measurement_id=id_)
    measured = await lab.asked(project, sha256, job_id=job_id)
    admin = await client_of(Role.ADMIN)
    assert (await admin.delete(f"/v1/measurements/{id_}")).status_code == 204

    def told(connection: Connection) -> tuple[object, object]:
        asked = select(requests.c.job_id, requests.c.measurement_id).where(
            requests.c.id.in_([stored, measured])
        )
        job = select(jobs.c.state, jobs.c.failure).where(jobs.c.id == job_id)
        return connection.execute(asked).all(), connection.execute(job).one()

    asked, (state, failure) = await services.database.read(told)
    assert asked == [(job_id, None), (job_id, None)]
    assert state == "failed"
    assert "deleted" in json.loads(failure)["message"]


async def test_a_superseded_one_goes_without_its_job(lab, services: Services, client_of: ClientOf) -> None:
    sha256 = await lab.artifact(await lab.project("vision"))
    id_ = await lab.measured(sha256, accepted=False)
    assert (await (await client_of(Role.ADMIN)).delete(f"/v1/measurements/{id_}")).status_code == 204
    assert await services.database.read(lambda c: c.execute(select(jobs.c.state)).scalars().all()) == ["done"]


async def test_old_samples_become_quantiles(lab, services: Services, clock, client_of: ClientOf) -> None:
    sha256 = await lab.artifact(await lab.project("vision"))
    old = [testing.measurement(lab.random, sha256, ()) for _ in range(2 * retention.BATCH + 1)]
    old_ids = await lab.stored(old)
    clock.advance(services.settings.keep_samples_days * DAY_S)
    (young,) = await lab.stored([testing.measurement(Random(1), sha256, ())])
    assert await retention.run(services) == 0
    clock.advance(1)
    assert await retention.run(services) == len(old)
    assert await retention.run(services) == 0
    assert (await _counts(services))[1:3] == [1, len(old)]
    admin = await client_of(Role.ADMIN)
    assert (await _record(admin, young)).samples_kept
    for id_, document in zip(old_ids[::9], old[::9], strict=True):
        record = await _record(admin, id_)
        assert not record.samples_kept
        assert record.measurement.latency == document.latency
        assert record.measurement.metrics == document.metrics
        assert record.measurement.visits == tuple(thin(visit) for visit in document.visits)
    assert (await admin.delete(f"/v1/measurements/{old_ids[0]}")).status_code == 204


async def test_months_are_made_and_dropped(lab, services: Services, clock) -> None:
    sha256 = await lab.artifact(await lab.project("vision"))
    await retention.run(services)
    await lab.measured(sha256)
    used = await _months_in_use(services)
    assert "measurement_samples_default" not in used
    clock.advance((services.settings.keep_samples_days + 31) * DAY_S)
    assert await retention.run(services) == 1
    assert (await _counts(services))[1:3] == [0, 1]
    assert not set(used) & set(await _months(services))
    await lab.measured(sha256)
    assert "measurement_samples_default" not in await _months_in_use(services)


async def _months_in_use(services: Services) -> list[str]:
    """The partitions that rows are in; on SQLite none."""
    if services.database.dialect != "postgresql":
        return []
    query = text("SELECT DISTINCT tableoid::regclass::text FROM measurement_samples")
    return await services.database.read(lambda c: list(c.execute(query).scalars()))


async def _months(services: Services) -> list[str]:
    if services.database.dialect != "postgresql":
        return []
    query = text("SELECT relname FROM pg_class WHERE relname ~ '^measurement_samples_[0-9_]+$'")
    return await services.database.read(lambda c: list(c.execute(query).scalars()))


def test_a_month_ends_where_the_next_begins() -> None:
    assert partitions.bounds_us((2026, 12))[1] == partitions.bounds_us((2027, 1))[0]
    assert partitions.bounds_us((2028, 2))[1] - partitions.bounds_us((2028, 2))[0] == 29 * DAY_S * 1_000_000
