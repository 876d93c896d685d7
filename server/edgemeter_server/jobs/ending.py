"""Waiting for requests and jobs to end."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from edgemeter.wire.requests import RequestDocument
from edgemeter_server.http.caller import Caller
from edgemeter_server.jobs import requests
from edgemeter_server.jobs.batches import in_batches
from edgemeter_server.jobs.request_documents import ENDED
from edgemeter_server.jobs.tables import jobs
from edgemeter_server.jobs.topics import job_topic
from edgemeter_server.jobs.transitions import OPEN
from edgemeter_server.jobs.waiting import looked_until
from edgemeter_server.services import Services


async def ended_within(services: Services, caller: Caller, request_id: int, wait_s: float) -> RequestDocument:
    """The request as soon as it has ended, else as it is after `wait_s`."""

    async def look() -> RequestDocument:
        return await services.database.read(lambda connection: requests.one(connection, caller, request_id))

    document = await look()
    if document.state in ENDED or document.job_id is None:
        return document
    topics = [job_topic(document.job_id)]
    return await looked_until(services.wakeups, topics, look, lambda each: each.state in ENDED, wait_s)


async def jobs_ended_within(services: Services, job_ids: Collection[int], wait_s: float) -> None:
    """Returns when all of them have ended, or after `wait_s`."""
    left = set(job_ids)

    async def look() -> Collection[int]:
        nonlocal left
        left = await services.database.read(lambda connection: _open(connection, sorted(left)))
        return left

    await looked_until(services.wakeups, map(job_topic, job_ids), look, lambda open_ids: not open_ids, wait_s)


def _open(connection: Connection, ids: list[int]) -> set[int]:
    states = [state.value for state in OPEN]
    return {
        id_
        for some in in_batches(ids)
        for id_ in connection.execute(
            select(jobs.c.id).where(jobs.c.id.in_(some), jobs.c.state.in_(states))
        ).scalars()
    }
