"""The routes of jobs."""

from typing import Annotated

from fastapi import Path

from edgemeter.wire.base import Page, Sha256, Slug
from edgemeter.wire.requests import JobDocument, JobState
from edgemeter_server.http.caller import Viewer
from edgemeter_server.http.paging import NEWEST, Cursor, Limit, before_id, page_of
from edgemeter_server.http.routes import Router
from edgemeter_server.jobs import job_documents
from edgemeter_server.jobs.job_documents import JobFilter
from edgemeter_server.services import ServicesOf

router = Router(prefix="/v1/jobs", tags=["jobs"])

JobId = Annotated[int, Path(ge=1, le=NEWEST)]


@router.get("")
async def list_jobs(
    services: ServicesOf,
    caller: Viewer,
    state: JobState | None = None,
    target: Slug | None = None,
    artifact: Sha256 | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[JobDocument]:
    """Jobs of networks that the caller may see, newest first, with their attempts."""
    before, wanted = before_id(cursor), JobFilter(state, target, artifact)
    rows = await services.database.read(lambda c: job_documents.listed(c, caller, wanted, before, limit + 1))
    return page_of(rows, limit, lambda row: row.id)


@router.get("/{job_id}")
async def get_job(services: ServicesOf, caller: Viewer, job_id: JobId) -> JobDocument:
    return await services.database.read(lambda c: job_documents.one(c, caller, job_id))
