"""What every reply tells a browser: believe the type, keep nothing, run nothing."""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from edgemeter_server.http.layer import Layer

DOCS_PATH = "/docs"

_NOTHING = "default-src 'none'; frame-ancestors 'none'"
#: The docs page runs a viewer from outside; it may speak to this server only.
_DOCS = (
    "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; img-src 'self' data: https:; "
    "script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'unsafe-inline' https://cdn.jsdelivr.net"
)


class SecurityHeaders(Layer):
    """An endpoint whose reply may be kept says so itself, by a Cache-Control of its own."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        policy = _DOCS if scope["path"] == DOCS_PATH else _NOTHING

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers.setdefault("Content-Security-Policy", policy)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_guarded)
