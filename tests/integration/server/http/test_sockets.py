"""Bodies on a real socket: nobody sends one before it is known who sends it, and none lasts for ever."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import NamedTuple

import pytest
import uvicorn
from fastapi import FastAPI

from edgemeter.wire.access import Role
from edgemeter_server.app import create_app
from edgemeter_server.services import Services
from edgemeter_server.testing import issue_token

GIB = 1 << 30
UPLOAD = "PUT /v1/artifacts/" + "a" * 64
MESSAGE = "POST /v1/projects"


class Served(NamedTuple):
    port: int
    token: str


@contextlib.asynccontextmanager
async def _serving(app: FastAPI, protocol: str) -> AsyncIterator[int]:
    config = uvicorn.Config(
        app, port=0, http=protocol, lifespan="off", log_level="critical", access_log=False
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@pytest.fixture(params=["httptools", "h11"])
async def served(request: pytest.FixtureRequest, services: Services) -> AsyncIterator[Served]:
    settings = services.settings.model_copy(update={"stall_timeout_s": 0.2, "max_body_bytes": 100_000})
    app = create_app(replace(services, settings=settings))
    async with _serving(app, request.param) as port:
        yield Served(port, await issue_token(services, Role.ADMIN))


async def _talk(port: int, line: str, token: str, *headers: str, body: bytes = b"") -> bytes:
    """All that the server says until it closes the connection. It may close before it has read all."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = [f"{line} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", *headers, "", ""]
    with contextlib.suppress(ConnectionError):
        writer.write("\r\n".join(sent).encode() + body)
        await writer.drain()
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            answer += part
    writer.close()
    return answer


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("line", [UPLOAD, MESSAGE])
async def test_nobodys_body_is_refused_before_its_first_byte(served: Served, line: str):
    answer = await _talk(served.port, line, "em_garbage", f"Content-Length: {3 * GIB}")

    assert _status(answer) == 401
    assert b"connection: close" in answer.lower()


async def test_nobodys_chunks_are_refused_before_their_first_byte(served: Served):
    assert _status(await _talk(served.port, UPLOAD, "em_garbage", "Transfer-Encoding: chunked")) == 401


async def test_nobody_is_asked_to_go_on(served: Served):
    headers = ("Content-Length: 1000", "Expect: 100-continue")

    assert _status(await _talk(served.port, UPLOAD, "em_garbage", *headers)) == 401


@pytest.mark.parametrize("line", [UPLOAD, MESSAGE])
async def test_what_is_announced_too_large_is_refused_unread(served: Served, line: str):
    headers = (f"Content-Length: {3 * GIB}", "Content-Type: application/octet-stream")

    assert _status(await _talk(served.port, line, served.token, *headers)) == 413


async def test_what_grows_too_large_is_cut_off(served: Served):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    headers = ("Transfer-Encoding: chunked", "Content-Type: application/json")

    assert _status(await _talk(served.port, MESSAGE, served.token, *headers, body=4 * chunk)) == 413


@pytest.mark.parametrize(
    ("line", "kind"), [(UPLOAD, "application/octet-stream"), (MESSAGE, "application/json")]
)
async def test_a_body_that_stalls_is_refused(served: Served, line: str, kind: str):
    headers = ("Content-Length: 100", f"Content-Type: {kind}")
    answer = await _talk(served.port, line, served.token, *headers, body=b"{")

    assert _status(answer) == 408
    assert b"/problems/request-timeout" in answer


async def test_slow_strangers_hold_nobody_up(served: Served):
    """Five hundred connections that say nothing more; another's call is answered meanwhile."""
    slow = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(500)]
    for _, writer in slow:
        writer.write(b"PUT /v1/artifacts/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
    answer = await _talk(served.port, "GET /v1/me", served.token, "Connection: close")

    assert _status(answer) == 200
    for _, writer in slow:
        writer.close()
