"""An agent's messages, and jobs for its device, all through the doors that everybody uses."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, insert, select

from edgemeter.targets import Precision, Target
from edgemeter.wire.access import Role
from edgemeter.wire.agents import PROTOCOL_VERSION
from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.services import Services

Answer = dict[str, Any]
Submit = Callable[[str, int], Awaitable[list[int]]]


def target(precision: Precision = Precision.FP32, threads: int = 1) -> Target:
    return Target("xeon-2c", "cpu", "onnxruntime", "1.31", precision, threads)


def offer(offered: Target, **fingerprint: object) -> Answer:
    words = {name: getattr(offered, name) for name in Target.__dataclass_fields__}
    document = {"slug": offered.slug, **words}
    return {"target": document, "formats": ["onnx"], "fingerprint": fingerprint or {"kernel": "6.1"}}


def opening(*offers: Answer, version: int = PROTOCOL_VERSION, follows: int | None = None) -> Answer:
    return {
        "protocol_version": version,
        "agent_version": "1.2.3",
        "opening_id": str(uuid.uuid4()),
        "follows": follows,
        "description": {"model": "Xeon"},
        "offers": list(offers),
    }


async def open_session(agent: httpx.AsyncClient, *offers: Answer) -> Answer:
    message = opening(*(offers or (offer(target()),)), follows=await newest(agent))
    reply = await agent.post("/v1/agent/sessions", json=message)
    assert reply.status_code == 201, reply.text
    answer: Answer = reply.json()
    return answer


async def newest(agent: httpx.AsyncClient) -> int | None:
    """The device's session, live or over."""
    session_id: int | None = (await agent.get("/v1/agent/sessions/newest")).json()["session_id"]
    return session_id


async def claim(agent: httpx.AsyncClient, session_id: int, up_to: int = 1, wait_s: float = 0) -> list[Answer]:
    message = {"session_id": session_id, "claim_id": str(uuid.uuid4()), "up_to": up_to, "wait_s": wait_s}
    reply = await agent.post("/v1/agent/claims", json=message)
    assert reply.status_code == 200, reply.text
    leases: list[Answer] = reply.json()["leases"]
    return leases


@pytest.fixture
async def submit(services: Services, client_of: Callable[..., Awaitable[httpx.AsyncClient]]) -> Submit:
    """Requests so many new networks on a target; the ids of the jobs."""
    submitter = await client_of(Role.SUBMITTER)

    async def requested(slug: str, count: int) -> list[int]:
        digests = await services.database.write(lambda c: [_artifact(c) for _ in range(count)])
        items = [{"artifact": digest.hex(), "target": slug} for digest in digests]
        reply = await submitter.post("/v1/requests", json={"items": items})
        assert reply.status_code < 300, reply.text
        return [request["job_id"] for request in reply.json()["requests"]]

    return requested


def _artifact(connection: Connection) -> bytes:
    digest = uuid.uuid4().bytes + uuid.uuid4().bytes
    file = insert(artifacts).values(sha256=digest, size_bytes=1, format="onnx", created_us=0)
    artifact_id = connection.execute(file.returning(artifacts.c.id)).scalar_one()
    project_id = connection.execute(select(projects.c.id).where(projects.c.slug == "default")).scalar_one()
    owned = {"project_id": project_id, "artifact_id": artifact_id, "name": "x.onnx", "created_us": 0}
    connection.execute(insert(project_artifacts).values(owned))
    return digest
