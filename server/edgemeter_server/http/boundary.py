"""The border of the service: no exception passes it, only problem documents."""

import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from edgemeter_server.http.documents import response_of
from edgemeter_server.http.layer import Layer
from edgemeter_server.http.problems import Refusal
from edgemeter_server.http.translation import defect, refusal_of

_log = logging.getLogger(__name__)


class Boundary(Layer):
    """Answers for whatever is raised inside. A reply that has begun is cut off: half of it would mislead."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_watched)
        except ClientDisconnect:
            _log.info("the client went away")
        except Exception as error:
            refusal = _told(error)
            if begun:
                raise
            await response_of(refusal)(scope, receive, send)


async def answer(_request: Request, error: Exception) -> Response:
    """For the exceptions that the framework would answer in its own words."""
    return response_of(_told(error))


def _told(error: Exception) -> Refusal:
    refusal = refusal_of(error)
    if refusal is None:
        _log.error("an endpoint failed", exc_info=error)
        return defect()
    if refusal.status >= 500:
        _log.warning("refused: %s", error)
    return refusal
