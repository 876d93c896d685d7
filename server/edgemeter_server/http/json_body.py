"""Reads JSON whole and refuses what would hurt its parsers, before any of them sees it."""

from typing import Any

from pydantic_core import from_json
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.body import is_octets
from edgemeter_server.http.layer import Layer
from edgemeter_server.http.problems import Refusal

#: Twice what the longest honest message has. A container costs far more memory than the two bytes
#: that make one, and each member may be wrong and have an error of its own made for it.
MAX_CONTAINERS = 250_000
MAX_MEMBERS = 250_000
_PARSED = "edgemeter.json"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class JsonBody(Layer):
    """Every body but of bytes is JSON: without NaN and NUL, at most 200 deep, of so many parts at most."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        check_address(scope)
        if scope["method"] not in _WITH_BODY or is_octets(scope):
            await self.app(scope, receive, send)
            return
        body = await _whole(receive)
        if body:
            _check_type(scope)
            scope[_PARSED] = check(body)
        await self.app(scope, _replay(body, receive), send)


def check_address(scope: Scope) -> None:
    """No database holds a NUL, and no address of ours has one."""
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise Refusal(ProblemType.MALFORMED, "an address may hold no NUL")


def parsed(scope: Scope) -> Any:
    """The body's value; None without a body."""
    return scope.get(_PARSED)


def check(body: bytes) -> Any:
    """Its value. Raises Refusal unless `body` is JSON that is safe to parse again and to store."""
    if body.count(b"[") + body.count(b"{") > MAX_CONTAINERS or body.count(b":") > MAX_MEMBERS:
        raise Refusal(ProblemType.TOO_LARGE, "the message has too many parts")
    if b"\\u0000" in body:
        raise Refusal(ProblemType.MALFORMED, "a text may hold no NUL")
    try:
        return from_json(body, allow_inf_nan=False, cache_strings="none")
    except ValueError as error:
        raise Refusal(ProblemType.MALFORMED, f"the body is not JSON: {error}") from None


def _check_type(scope: Scope) -> None:
    for name, value in scope["headers"]:
        if name == b"content-type" and value.partition(b";")[0].strip().lower() == b"application/json":
            return
    raise Refusal(ProblemType.UNSUPPORTED_MEDIA, "a body must be `Content-Type: application/json`")


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
