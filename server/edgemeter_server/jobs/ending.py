"""Waiting for a request to end."""

from edgemeter.wire.requests import RequestDocument
from edgemeter_server.http.caller import Caller
from edgemeter_server.jobs import requests
from edgemeter_server.jobs.request_documents import ENDED
from edgemeter_server.jobs.topics import job_topic
from edgemeter_server.jobs.waiting import Patience, woken
from edgemeter_server.services import Services

LOOK_AGAIN_S = 1.0  #: a wake-up may be lost with the server process that was to send it


async def ended_within(services: Services, caller: Caller, request_id: int, wait_s: float) -> RequestDocument:
    """The request as soon as it has ended, else as it is after `wait_s`."""
    patience = Patience(wait_s, services.wakeups)

    async def look() -> RequestDocument:
        return await services.database.read(lambda connection: requests.one(connection, caller, request_id))

    document = await look()
    if document.state in ENDED or document.job_id is None:
        return document
    async with services.wakeups.listen([job_topic(document.job_id)]) as event:
        while (document := await look()).state not in ENDED:
            if services.wakeups.ended or patience.left_s() <= 0:
                break
            event.clear()
            await woken(event, min(LOOK_AGAIN_S, patience.left_s()))
    return document
