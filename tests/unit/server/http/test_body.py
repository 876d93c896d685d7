"""Bodies are bounded in size and in time, and one that was not read ends its connection."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.body import BodyLimit
from edgemeter_server.http.problems import Refusal
from edgemeter_server.settings import Settings

_SETTINGS = Settings(max_body_bytes=10, max_artifact_bytes=20, stall_timeout_s=0.01, upload_timeout_s=0.05)


def _scope(method: str, path: str, *headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "method": method, "path": path, "http_version": "1.1", "headers": list(headers)}


def _receive(parts: Iterable[bytes], *, last: bool = True) -> Receive:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if last:
        messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    return receive


async def _read(scope: Scope, receive: Receive) -> int:
    """How many bytes an application behind the limit gets."""
    got = 0

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal got
        while (message := await receive()).get("more_body"):
            got += len(message["body"])

    await BodyLimit(application, _SETTINGS)(scope, receive, _ignore)
    return got


async def _ignore(message: Message) -> None:
    pass


async def test_up_to_the_limit_passes():
    assert await _read(_scope("POST", "/v1/tokens"), _receive([b"12345", b"67890"])) == 10
    assert await _read(_scope("PUT", "/v1/artifacts/aa"), _receive([b"0123456789"] * 2)) == 20


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/tokens"), ("PUT", "/v1/artifacts/aa")])
async def test_more_is_too_large_told_or_not(method: str, path: str):
    for headers in ((), ((b"content-length", b"1000"),)):
        with pytest.raises(Refusal) as refused:
            await _read(_scope(method, path, *headers), _receive([b"x"] * 1000))
        assert refused.value.kind is ProblemType.TOO_LARGE


async def test_what_is_announced_too_large_is_not_read():
    read = 0

    async def receive() -> Message:
        nonlocal read
        read += 1
        raise AssertionError("nothing should be read")

    with pytest.raises(Refusal):
        await _read(_scope("POST", "/", (b"content-length", b"11")), receive)
    assert read == 0


async def test_a_body_that_stalls_is_refused():
    with pytest.raises(Refusal) as refused:
        await _read(_scope("POST", "/v1/tokens"), _receive([b"1"], last=False))
    assert refused.value.kind is ProblemType.REQUEST_TIMEOUT


async def test_a_body_that_trickles_for_ever_is_refused():
    async def trickle() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": True}

    with pytest.raises(Refusal) as refused:
        await _read(_scope("PUT", "/v1/artifacts/aa"), trickle)
    assert refused.value.kind is ProblemType.REQUEST_TIMEOUT


async def test_waiting_for_the_client_to_leave_is_not_bounded():
    left = asyncio.Event()
    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        waiting = asyncio.create_task(receive())
        await asyncio.wait([waiting], timeout=5 * _SETTINGS.stall_timeout_s)
        assert not waiting.done()
        left.set()
        assert (await waiting)["type"] == "http.disconnect"

    await BodyLimit(application, _SETTINGS)(_scope("POST", "/"), receive, _ignore)


async def _reply_headers(scope: Scope, *, read: bool) -> dict[bytes, bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: Message) -> None:
        sent.append(dict(message))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while read and (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 401, "headers": []})

    await BodyLimit(application, _SETTINGS)(scope, _receive([b"1"]), send)
    return dict(sent[0]["headers"])


async def test_a_reply_before_the_end_of_a_body_closes_the_connection():
    with_body = _scope("POST", "/", (b"content-length", b"1"))

    assert (await _reply_headers(with_body, read=False)).get(b"connection") == b"close"
    assert b"connection" not in await _reply_headers(with_body, read=True)
    assert b"connection" not in await _reply_headers(_scope("GET", "/"), read=False)
