"""One id for a request, in its reply and in every line of the log that it causes."""

import re
import uuid

from starlette.types import Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars, get_contextvars

from edgemeter_server.http.headers import add_missing
from edgemeter_server.http.layer import Layer

_HEADER = b"x-request-id"
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{8,64}")


def request_id() -> str:
    """Of the request that is being answered; empty outside of one."""
    return str(get_contextvars().get("request_id", ""))


class RequestIds(Layer):
    """Takes the caller's id where it is well formed, so that a report can be followed from its agent."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = _asked_for(scope) or uuid.uuid4().hex

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_missing(message, ((_HEADER, name.encode()),))
            await send(message)

        with bound_contextvars(request_id=name):
            await self.app(scope, receive, send_named)


def _asked_for(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == _HEADER and _WELL_FORMED.fullmatch(value):
            return str(value, "ascii")
    return None
