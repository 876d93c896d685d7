"""The routes of measurements."""

from typing import Annotated

from fastapi import Path, Query
from sqlalchemy import Connection

from edgemeter.wire.base import Label, Page, Sha256, Slug
from edgemeter.wire.measurements import MeasurementRecord, MeasurementRow
from edgemeter_server.access import audit
from edgemeter_server.http.caller import Admin, Viewer
from edgemeter_server.http.paging import NEWEST, Cursor, Limit, before_id, page_of
from edgemeter_server.http.routes import Router
from edgemeter_server.measurements.deletion import delete_measurement
from edgemeter_server.measurements.listing import Filters, listed
from edgemeter_server.measurements.records import record
from edgemeter_server.services import ServicesOf

router = Router(prefix="/v1/measurements", tags=["measurements"])

MeasurementId = Annotated[int, Path(ge=1, le=NEWEST)]


@router.get("")
async def list_measurements(
    services: ServicesOf,
    caller: Viewer,
    target: Slug | None = None,
    artifact: Sha256 | None = None,
    device: Slug | None = None,
    project: Slug | None = None,
    protocol: Label | None = None,
    valid: bool | None = None,
    accepted: bool | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[MeasurementRow]:
    """Measurements of networks that the caller may see, newest first. What nobody has finds nothing."""
    before = before_id(cursor)
    filters = Filters(target, artifact, device, project, protocol, valid, accepted)
    rows = await services.database.read(lambda c: listed(c, caller, filters, before, limit + 1))
    return page_of(rows, limit, lambda row: row.id)


@router.get("/{measurement_id}")
async def get_measurement(
    services: ServicesOf,
    caller: Viewer,
    measurement_id: MeasurementId,
    samples: Annotated[bool, Query(description="False: without the samples of its visits")] = True,
) -> MeasurementRecord:
    """All of it. Where `samples_kept` is false, its visits hold quantiles of what they were."""
    return await services.database.read(lambda c: record(c, caller, measurement_id, with_samples=samples))


@router.delete("/{measurement_id}", status_code=204)
async def remove_measurement(services: ServicesOf, caller: Admin, measurement_id: MeasurementId) -> None:
    """For good, with its samples and layers. Its job then counts as failed, and says why."""

    def work(connection: Connection) -> None:
        job_id = delete_measurement(connection, measurement_id)
        detail = {"measurement": measurement_id, "job": job_id}
        now_us = services.clock.now_us(connection)
        audit.record(connection, now_us, "measurement.deleted", detail, token_id=caller.token_id)

    await services.database.write(work)
