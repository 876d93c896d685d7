"""Waiting for a fit to end."""

from edgemeter.wire.predictors import FitDocument, FitState
from edgemeter_server.http.caller import Caller
from edgemeter_server.jobs.waiting import looked_until
from edgemeter_server.predictors import documents
from edgemeter_server.predictors.topics import fit_topic
from edgemeter_server.services import Services

_OPEN = (FitState.WAITING, FitState.RUNNING)


async def ended_within(services: Services, caller: Caller, fit_id: int, wait_s: float) -> FitDocument:
    """The fit as soon as it has ended, else as it is after `wait_s`."""

    async def look() -> FitDocument:
        return await services.database.read(lambda connection: documents.fit(connection, caller, fit_id))

    topics = [fit_topic(fit_id)]
    return await looked_until(services.wakeups, topics, look, lambda fit: fit.state not in _OPEN, wait_s)
