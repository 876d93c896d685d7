"""Waiting for a fit to end."""

from edgemeter.wire.predictors import FitDocument, FitState
from edgemeter_server.http.caller import Caller
from edgemeter_server.jobs.ending import LOOK_AGAIN_S
from edgemeter_server.jobs.waiting import Patience, woken
from edgemeter_server.predictors import documents
from edgemeter_server.predictors.topics import fit_topic
from edgemeter_server.services import Services

_OPEN = (FitState.WAITING, FitState.RUNNING)


async def ended_within(services: Services, caller: Caller, fit_id: int, wait_s: float) -> FitDocument:
    """The fit as soon as it has ended, else as it is after `wait_s`."""
    patience = Patience(wait_s, services.wakeups)

    async def look() -> FitDocument:
        return await services.database.read(lambda connection: documents.fit(connection, caller, fit_id))

    async with services.wakeups.listen([fit_topic(fit_id)]) as event:
        while (document := await look()).state in _OPEN:
            if services.wakeups.ended or patience.left_s() <= 0:
                break
            event.clear()
            await woken(event, min(LOOK_AGAIN_S, patience.left_s()))
    return document
