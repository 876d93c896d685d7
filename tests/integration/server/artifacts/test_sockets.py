"""Uploads and downloads through a real server's sockets: cut off, lying about their length, half read."""

import asyncio
import hashlib
from pathlib import Path

import httpx
import pytest
import uvicorn

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


@pytest.fixture
async def server(app):
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server
    await server.shutdown()


@pytest.fixture
def port(server):
    return server.servers[0].sockets[0].getsockname()[1]


@pytest.fixture
def settled(server):
    """Waits until the server has ended all that it was asked."""

    async def wait():
        while tasks := list(server.server_state.tasks):
            await asyncio.wait(tasks)

    return wait


def nothing_left(services):
    folder = Path(services.settings.data_folder)
    return not [*folder.rglob("draft-*"), *(path for path in folder.rglob("objects/*/*"))]


def head(submitter, path, *lines):
    shown = (f"PUT {path} HTTP/1.1", "Host: test", f"Authorization: {submitter.headers['Authorization']}")
    return "\r\n".join((*shown, "Content-Type: application/octet-stream", *lines, "", "")).encode()


async def status_of(reader):
    return int((await reader.readline()).split()[1])


async def test_a_connection_cut_in_the_middle(port, submitter, address_of, network, services, settled):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    expect = head(submitter, address_of(network), f"Content-Length: {len(network)}", "Expect: 100-continue")
    writer.write(expect)
    assert await status_of(reader) == 100  # it is reading the body
    writer.write(network[:20])
    writer.close()
    await writer.wait_closed()
    await settled()

    assert nothing_left(services)


async def test_more_than_announced_is_not_the_files(port, submitter, address_of, network, services, settled):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        head(submitter, address_of(network + b"more"), f"Content-Length: {len(network)}", "Connection: close")
    )
    writer.write(network + b"more")

    assert await status_of(reader) == 422
    writer.close()
    await writer.wait_closed()
    await settled()
    assert nothing_left(services)


async def test_what_is_refused_at_once_is_not_read(port, submitter, address_of, network, services, settled):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(submitter, address_of(network), f"Content-Length: {1 << 30}", "Expect: 100-continue"))

    assert await status_of(reader) == 413  # and no 100: nobody asked for the body
    assert b"connection: close" in (await reader.read()).lower()
    writer.close()
    await writer.wait_closed()
    await settled()
    assert nothing_left(services)


async def test_a_file_in_chunks_comes_back(port, submitter, another, address_of):
    content = another(1, padding_bytes=3 << 20)

    async def pieces():
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    headers = {"Authorization": submitter.headers["Authorization"]}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        assert (await client.put(address_of(content), content=pieces())).status_code == 201
        got = await client.get(address_of(content, "/content"))
        head_ = await client.head(address_of(content, "/content"))

    assert hashlib.sha256(got.content).digest() == hashlib.sha256(content).digest()
    assert head_.headers["content-length"] == str(len(content))


async def test_a_reader_that_goes_away_ends_the_reply(port, submitter, another, upload, address_of, settled):
    content = another(1, padding_bytes=20 << 20)
    assert (await upload(submitter, content)).status_code == 201
    headers = {"Authorization": submitter.headers["Authorization"]}
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client,
        client.stream("GET", address_of(content, "/content")) as reply,
    ):
        await anext(reply.aiter_raw())

    await settled()
