"""Waiting for a request to end."""

from edgemeter.wire.requests import RequestDocument
from edgemeter_server.http.caller import Caller
from edgemeter_server.jobs import requests
from edgemeter_server.jobs.request_documents import ENDED
from edgemeter_server.jobs.topics import job_topic
from edgemeter_server.jobs.waiting import looked_until
from edgemeter_server.services import Services


async def ended_within(services: Services, caller: Caller, request_id: int, wait_s: float) -> RequestDocument:
    """The request as soon as it has ended, else as it is after `wait_s`."""

    async def look() -> RequestDocument:
        return await services.database.read(lambda connection: requests.one(connection, caller, request_id))

    document = await look()
    if document.state in ENDED or document.job_id is None:
        return document
    topic = job_topic(document.job_id)
    return await looked_until(services.wakeups, topic, look, lambda each: each.state in ENDED, wait_s)
