"""What every reply tells a browser: believe the type, keep nothing, run nothing."""

from collections.abc import Iterable

from starlette.types import Message, Receive, Scope, Send

from edgemeter_server.http.layer import Layer

DOCS_PATH = "/docs"
RawHeaders = tuple[tuple[bytes, bytes], ...]

_NOTHING = b"default-src 'none'; frame-ancestors 'none'"
#: The docs page runs a viewer from outside; it may speak to this server only.
_DOCS = (
    b"default-src 'none'; connect-src 'self'; frame-ancestors 'none'; img-src 'self' data: https:; "
    b"script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'unsafe-inline' https://cdn.jsdelivr.net"
)


def _headers(policy: bytes) -> RawHeaders:
    return (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-security-policy", policy),
        (b"cache-control", b"no-store"),
    )


_ORDINARY, _OF_DOCS = _headers(_NOTHING), _headers(_DOCS)


class SecurityHeaders(Layer):
    """An endpoint whose reply may be kept says so itself, by a Cache-Control of its own."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _OF_DOCS if scope["path"] == DOCS_PATH else _ORDINARY

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_missing(message, headers)
            await send(message)

        await self.app(scope, receive, send_guarded)


def add_missing(message: Message, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """To the start of a reply: it keeps its own word where it has one."""
    own = list(message.get("headers", ()))
    names = {name.lower() for name, _ in own}
    message["headers"] = own + [header for header in headers if header[0] not in names]
