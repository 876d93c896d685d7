"""Small networks, projects, and ways of handing files in."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from onnx import TensorProto, helper
from sqlalchemy import Connection, Table, insert, select, update

from edgemeter.wire.access import NewProject, Role
from edgemeter_server.access.projects import create
from edgemeter_server.access.tables import projects, tokens
from edgemeter_server.app import create_app
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.tables import agent_sessions, devices, target_revisions, targets
from edgemeter_server.jobs.tables import attempts, jobs, requests, specs
from edgemeter_server.services import Services

DEVICE = "device"


def made_network(number: int, padding_bytes: int = 0) -> bytes:
    """A valid network, another one for each number. Its weights are the padding."""
    width = 16 + padding_bytes // 4
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"], name=f"add {number}")],
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, width))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, width))],
        [helper.make_tensor("w", TensorProto.FLOAT, (1, width), bytes(4 * width), raw=True)],
    )
    opsets = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())


def address(content: bytes, suffix: str = "") -> str:
    return f"/v1/artifacts/{hashlib.sha256(content).hexdigest()}{suffix}"


async def put(client: httpx.AsyncClient, content: bytes, **params: str) -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream"}
    return await client.put(address(content), content=content, params=params, headers=headers)


@pytest.fixture(scope="session")
def network() -> bytes:
    return made_network(0)


@pytest.fixture
def another() -> Callable[..., bytes]:
    return made_network


@pytest.fixture
def upload() -> Callable[..., Awaitable[httpx.Response]]:
    return put


@pytest.fixture
def address_of() -> Callable[..., str]:
    return address


@pytest.fixture
async def submitter(client_of: Any) -> httpx.AsyncClient:
    client: httpx.AsyncClient = await client_of(Role.SUBMITTER)
    return client


@pytest.fixture
async def admin(client_of: Any) -> httpx.AsyncClient:
    client: httpx.AsyncClient = await client_of(Role.ADMIN)
    return client


@pytest.fixture
async def private_project(services: Services) -> str:
    """The slug of a project that its own tokens alone see."""
    message = NewProject(slug="private", private=True)
    await services.database.write(lambda connection: create(connection, message, 0))
    return message.slug


@pytest.fixture
async def settings_changed(services: Services, submitter: httpx.AsyncClient) -> AsyncIterator[Any]:
    """A submitter of a server with other settings: `client = settings_changed(lease_s=1)`."""
    opened: list[httpx.AsyncClient] = []

    def change(**settings: Any) -> httpx.AsyncClient:
        changed = replace(services, settings=services.settings.model_copy(update=settings))
        transport = httpx.ASGITransport(create_app(changed), raise_app_exceptions=False)
        headers = {"Authorization": submitter.headers["Authorization"]}
        client = httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        opened.append(client)
        return client

    yield change
    for client in opened:
        await client.aclose()


@dataclass
class Exchange:
    """One request as a server hands it to the application, message by message."""

    app: Any
    path: str
    headers: Mapping[str, str]
    messages: list[Mapping[str, Any]]
    sent: list[Mapping[str, Any]] = field(default_factory=list)

    async def run(self) -> int | None:
        """The status, None where there was no reply."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "PUT",
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in self.headers.items()],
            "server": ("test", 80),
            "client": ("127.0.0.1", 1),
        }
        await self.app(scope, self._receive, self._send)
        starts = [message["status"] for message in self.sent if message["type"] == "http.response.start"]
        return starts[0] if starts else None

    async def _receive(self) -> Mapping[str, Any]:
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}

    async def _send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)


@pytest.fixture
def exchange(app: Any, submitter: httpx.AsyncClient) -> Callable[..., Exchange]:
    """An upload of which the server gets exactly the given messages, then nothing: the client is gone."""

    def make(path: str, *messages: Mapping[str, Any], **headers: str) -> Exchange:
        shown = {"Authorization": submitter.headers["Authorization"], **headers}
        return Exchange(app, path, shown, list(messages))

    return make


@dataclass
class Lab:
    """The device "device" with one target: jobs on files, and attempts that hold them, as rows."""

    services: Services
    device_id: int
    token_id: int
    session_id: int
    revision_id: int
    target_id: int
    spec_id: int

    async def job(self, sha256: str, *, requested: bool = True) -> int:
        """A pending job on a file, and a request of the default project for it."""

        def work(connection: Connection) -> int:
            artifact = select(artifacts.c.id).where(artifacts.c.sha256 == bytes.fromhex(sha256))
            what = {
                "project_id": connection.execute(
                    select(projects.c.id).where(projects.c.slug == "default")
                ).scalar(),
                "artifact_id": connection.execute(artifact).scalar(),
                "target_id": self.target_id,
                "spec_id": self.spec_id,
                "created_us": 0,
            }
            counted = {"priority": 0, "wanted": 1, "attempts": 0, "tries": 0, "not_before_us": 0}
            found = _added(connection, jobs, state="pending", **what, **counted)
            if requested:
                _added(connection, requests, token_id=self.token_id, job_id=found, **what)
            return found

        return await self.services.database.write(work)

    async def set(self, table: Table, row_id: int, **values: object) -> None:
        row = update(table).where(table.c.id == row_id).values(values)
        await self.services.database.write(lambda connection: connection.execute(row).rowcount)

    async def hold(self, job_id: int) -> int:
        """A live attempt of the device at a job."""

        def work(connection: Connection) -> int:
            return _added(
                connection,
                attempts,
                job_id=job_id,
                session_id=self.session_id,
                device_id=self.device_id,
                revision_id=self.revision_id,
                claim_id=bytes(16),
                number=1,
                state="live",
                started_us=0,
                expires_us=2**62,
            )

        await self.set(jobs, job_id, state="running")
        return await self.services.database.write(work)


@pytest.fixture
async def lab(services: Services) -> Lab:
    def work(connection: Connection) -> Lab:
        return _lab(services, connection)

    return await services.database.write(work)


def _lab(services: Services, connection: Connection) -> Lab:
    slug = DEVICE
    health = {"health": "good", "health_reason": "", "strikes": 0}
    device_id = _added(connection, devices, slug=slug, name=slug, description="{}", **health, created_us=0)
    token = {"digest": slug.encode().ljust(32), "name": slug, "role": "agent", "device_id": device_id}
    token_id = _added(connection, tokens, **token, created_us=0)
    target_id = _added(connection, targets, slug=slug, document="{}", formats="onnx", created_us=0)
    fingerprint = {"fingerprint": "{}", "fingerprint_digest": bytes(32)}
    revision_id = _added(
        connection, target_revisions, target_id=target_id, number=1, **fingerprint, created_us=0
    )
    versions = {"agent_version": "1", "protocol_version": 1, "opened_us": 0, "seen_us": 0}
    session_id = _added(connection, agent_sessions, device_id=device_id, token_id=token_id, **versions)
    spec = {"digest": bytes(32), "document": "{}", "protocol": "precise", "protocol_digest": bytes(32)}
    spec_id = _added(connection, specs, **spec)
    return Lab(services, device_id, token_id, session_id, revision_id, target_id, spec_id)


def _added(connection: Connection, table: Table, **values: object) -> int:
    return int(connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one())
