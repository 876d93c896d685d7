"""The routes of requests."""

from typing import Annotated

from fastapi import Header, Path, Query, Response
from pydantic import StringConstraints

from edgemeter.wire.base import Label, Page, Sha256, Slug
from edgemeter.wire.requests import (
    MAX_REQUEST_WAIT_S,
    NewRequests,
    RequestDocument,
    Requests,
    RequestState,
)
from edgemeter_server import faults, tracing
from edgemeter_server.http.caller import Submitter, Viewer
from edgemeter_server.http.paging import NEWEST, Cursor, Limit, before_id, page_of
from edgemeter_server.http.routes import Router
from edgemeter_server.jobs import requests
from edgemeter_server.jobs.ending import ended_within
from edgemeter_server.jobs.requests import Filter
from edgemeter_server.jobs.submitting import submit
from edgemeter_server.services import ServicesOf

router = Router(prefix="/v1/requests", tags=["requests"])

RequestId = Annotated[int, Path(ge=1, le=NEWEST)]
IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")] | None, Header(alias="Idempotency-Key")
]
WaitSeconds = Annotated[float, Query(ge=0, le=MAX_REQUEST_WAIT_S, alias="wait")]


@router.post("", status_code=201, response_model=Requests)
async def create_requests(
    services: ServicesOf, caller: Submitter, message: NewRequests, idempotency_key: IdempotencyKey = None
) -> Response:
    """Accepts all items, durably, or none. What was measured before is answered at once.

    With an `Idempotency-Key`, sending the same again creates nothing again.
    """
    batch = await submit(services, caller, message, idempotency_key)
    documents = await services.database.read(lambda connection: requests.of_batch(connection, batch))
    jobs = (document.job_id for document in documents if document.job_id is not None)
    tracing.about(requests=(document.id for document in documents), jobs=jobs)
    faults.point("request.reply")
    reply = Requests.model_construct(requests=tuple(documents))
    return Response(reply.model_dump_json(), status_code=201, media_type="application/json")


@router.get("")
async def list_requests(
    services: ServicesOf,
    caller: Viewer,
    project: Slug | None = None,
    state: RequestState | None = None,
    target: Slug | None = None,
    artifact: Sha256 | None = None,
    label: Label | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[RequestDocument]:
    """Requests of projects that the caller may see, newest first. What nobody has finds nothing."""
    before, wanted = before_id(cursor), Filter(project, state, target, artifact, label)
    rows = await services.database.read(lambda c: requests.listed(c, caller, wanted, before, limit + 1))
    return page_of(rows, limit, lambda row: row.id)


@router.get("/{request_id}")
async def get_request(
    services: ServicesOf, caller: Viewer, request_id: RequestId, wait_s: WaitSeconds = 0.0
) -> RequestDocument:
    """One request. With `wait`, up to so many seconds later, or as soon as it has ended."""
    return await ended_within(services, caller, request_id, wait_s)


@router.post("/{request_id}/cancel")
async def cancel_request(services: ServicesOf, caller: Submitter, request_id: RequestId) -> RequestDocument:
    """Its job goes on where somebody else wants it. A request that has ended stays what it is."""
    faults.point("cancel.begin")
    topics = await services.database.write(
        lambda c: requests.cancel(c, caller, request_id, services.clock.now_us(c))
    )
    faults.point("cancel.committed")
    await services.wakeups.publish(topics)
    return await services.database.read(lambda c: requests.one(c, caller, request_id))
