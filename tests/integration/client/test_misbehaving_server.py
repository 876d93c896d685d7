"""Both clients, over real sockets, against a server that misbehaves as it is told."""

import asyncio
import hashlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from pydantic import SecretStr

from edgemeter.client import AsyncClient, Client, ClientSettings
from edgemeter.client.errors import ClientError, UnreachableError
from edgemeter.client.retrying import RetryPolicy
from edgemeter.wire.problems import MEDIA_TYPE, ProblemError
from edgemeter.wire.requests import RequestItem

QUICK = RetryPolicy(first_ceiling_s=0.01, highest_ceiling_s=0.02)


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """`cut`: the connection ends in the middle of the answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


class Misbehaving(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = []
        self.seen: list[Seen] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def then(self, *replies: Reply) -> None:
        """The answers, in order; the last one goes on."""
        self.replies = list(replies)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        server = cast("Misbehaving", self.server)
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.seen.append(Seen(self.command, self.path, headers, body))
        reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) + 10 * reply.cut))
        self.end_headers()
        self.wfile.write(reply.body)
        if reply.cut:
            self.close_connection = True

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any  # noqa: N815 - names of the library

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's word
        pass


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    running = Misbehaving()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


#: Runs an operation of either client by its name: `call("upload", path)`; a stream becomes a list.
Run = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, server: Misbehaving) -> Run:
    settings = ClientSettings(url=server.url, token=SecretStr("em_token"), timeout_s=20)

    def blocking(name: str, *args: Any, **kwargs: Any) -> Any:
        with Client(settings=settings, policy=QUICK) as client:
            found = getattr(client, name)(*args, **kwargs)
            return list(found) if isinstance(found, Iterator) else found

    async def awaiting(name: str, *args: Any, **kwargs: Any) -> Any:
        async with AsyncClient(settings=settings, policy=QUICK) as client:
            found = getattr(client, name)(*args, **kwargs)
            return [item async for item in found] if isinstance(found, AsyncIterator) else await found

    if request.param == "sync":
        return blocking
    return lambda *args, **kwargs: asyncio.run(awaiting(*args, **kwargs))


IDENTITY = {
    "id": 1,
    "name": "n",
    "role": "submitter",
    "project": "mine",
    "device": None,
    "server_version": "1",
}
NOT_FOUND = Reply(
    404,
    json.dumps({"type": "/problems/not-found", "title": "Not Found", "status": 404}).encode(),
    {"Content-Type": MEDIA_TYPE},
)


def answer(document: Any) -> Reply:
    return Reply(body=json.dumps(document).encode())


def artifact(content: bytes) -> Reply:
    fields = {"size_bytes": len(content), "format": "onnx", "name": "n.onnx", "project": "mine"}
    sha256 = hashlib.sha256(content).hexdigest()
    return answer({"sha256": sha256, "created_at": "2026-01-01T00:00:00Z", **fields})


def test_a_cut_off_answer_and_a_busy_server_are_passed(call: Run, server: Misbehaving) -> None:
    server.then(Reply(cut=True), Reply(503, headers={"Retry-After": "0"}), Reply(502), answer(IDENTITY))
    assert call("me").project == "mine"
    assert len(server.seen) == 4
    assert {seen.headers["authorization"] for seen in server.seen} == {"Bearer em_token"}


def test_a_request_keeps_its_key_when_it_is_sent_again(call: Run, server: Misbehaving) -> None:
    server.then(Reply(cut=True), answer({"requests": []}))
    item = RequestItem(artifact="0" * 64, target="t")
    assert call("request_all", [item], project="mine") == ()
    first, second = (seen.headers["idempotency-key"] for seen in server.seen)
    assert UUID(first) == UUID(second)
    assert server.seen[0].body == server.seen[1].body
    call("request_all", [item], project="mine")
    assert server.seen[2].headers["idempotency-key"] != first


def test_a_token_is_not_made_twice(call: Run, server: Misbehaving) -> None:
    server.then(Reply(cut=True))
    with pytest.raises(UnreachableError):
        call("create_token", "n", "admin")
    assert len(server.seen) == 1


def test_an_upload_is_sent_whole_again(call: Run, server: Misbehaving, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    file = tmp_path / "n.onnx"
    file.write_bytes(content)
    told: list[tuple[int, int]] = []
    server.then(NOT_FOUND, Reply(503), artifact(content))
    done = call("upload", file, project="mine", progress=lambda *numbers: told.append(numbers))
    assert done.sent
    uploads = [seen for seen in server.seen if seen.method == "PUT"]
    assert [seen.body for seen in uploads] == [content, content]
    assert uploads[0].headers["content-length"] == str(len(content))
    assert "transfer-encoding" not in uploads[0].headers
    assert told[-1] == (len(content), len(content))


def test_a_file_that_the_project_has_is_not_sent(call: Run, server: Misbehaving, tmp_path: Path) -> None:
    file = tmp_path / "n.onnx"
    file.write_bytes(b"x")
    server.then(artifact(b"x"))
    assert not call("upload", file, project="mine").sent
    assert [seen.method for seen in server.seen] == ["GET"]


def test_pages_are_fetched_as_far_as_they_are_read(server: Misbehaving) -> None:
    def page(slug: str, cursor: str | None) -> Reply:
        item = {"slug": slug, "private": False, "created_at": "2026-01-01T00:00:00Z"}
        return answer({"items": [item], "next_cursor": cursor})

    server.then(page("a", "2"), page("b", None))
    settings = ClientSettings(url=server.url)
    with Client(settings=settings) as client:
        projects = client.projects()
        assert next(projects).slug == "a"
        assert len(server.seen) == 1
        assert [project.slug for project in projects] == ["b"]
    assert "cursor=2" in server.seen[1].path
    assert "authorization" not in server.seen[0].headers


def test_the_token_does_not_follow_a_redirect(call: Run, server: Misbehaving) -> None:
    server.then(Reply(302, headers={"Location": server.url + "/elsewhere"}))
    with pytest.raises(ClientError, match="302"):
        call("me")
    assert len(server.seen) == 1


def test_a_slug_cannot_leave_its_part_of_the_path(call: Run, server: Misbehaving) -> None:
    server.then(NOT_FOUND)
    with pytest.raises(ProblemError):
        call("device", "../tokens?x=#")
    assert server.seen[0].path == "/v1/devices/..%2Ftokens%3Fx%3D%23"


def test_nobody_there_is_told_with_the_address(server: Misbehaving) -> None:
    settings = ClientSettings(url="http://127.0.0.1:1")
    with (
        Client(settings=settings, policy=QUICK) as client,
        pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"),
    ):
        client.me()


def test_a_server_under_a_path_of_a_proxy(server: Misbehaving) -> None:
    server.then(answer(IDENTITY))
    with Client(settings=ClientSettings(url=server.url + "/lab/")) as client:
        client.me()
    assert server.seen[0].path == "/lab/v1/me"
