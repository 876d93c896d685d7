"""Alive, ready, and how it is doing."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, insert, text

from edgemeter.wire.access import Role
from edgemeter_server.access.tables import audit
from edgemeter_server.app import create_app
from edgemeter_server.artifacts.storage import StorageUnavailableError
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.database.base import UnavailableError
from edgemeter_server.devices import health
from edgemeter_server.devices.tables import devices
from edgemeter_server.services import Services
from edgemeter_server.testing import ManualClock

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]


async def get(app: FastAPI, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as anybody:
        return await anybody.get(path)


async def test_alive_needs_nothing(services: Services) -> None:
    await services.database.close()
    reply = await get(create_app(services), "/healthz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


async def test_ready(app: FastAPI) -> None:
    assert (await get(app, "/readyz")).status_code == 200


@pytest.fixture
async def other_schema(services: Services) -> AsyncIterator[None]:
    """As if the database were of another EdgeMeter; put right again, since tests share it."""

    def rename(revision: str) -> Callable[[Connection], str]:
        def work(connection: Connection) -> str:
            before = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            connection.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})
            return str(before)

        return work

    revision = await services.database.write(rename("unknown"))
    yield
    await services.database.write(rename(revision))


@pytest.mark.usefixtures("other_schema")
async def test_not_ready_with_another_schema(app: FastAPI) -> None:
    reply = await get(app, "/readyz")
    assert (reply.status_code, reply.json()["detail"]) == (503, "not ready: migrations")
    assert reply.headers["retry-after"] == "5"


async def test_not_ready_without_a_database(services: Services) -> None:
    await services.database.close()
    with pytest.raises(UnavailableError):
        await services.database.read(lambda c: c.execute(insert(audit)))
    reply = await get(create_app(services), "/readyz")
    assert (reply.status_code, reply.json()["detail"]) == (503, "not ready: database, migrations")


async def test_not_ready_without_a_storage(services: Services) -> None:
    class Away:
        async def exists(self, _sha256: str) -> bool:
            raise StorageUnavailableError("the bucket is away at an address that is nobody's business")

    reply = await get(create_app(replace(services, storage=Away())), "/readyz")  # type: ignore[arg-type]
    assert (reply.status_code, reply.json()["detail"]) == (503, "not ready: storage")


async def test_not_ready_while_stopping(services: Services, app: FastAPI) -> None:
    services.wakeups.end()
    assert (await get(app, "/readyz")).json()["detail"] == "not ready: stopping"


async def metrics_of(client: httpx.AsyncClient) -> dict[tuple[str, str], float]:
    """Values by name and labels, `k=v` in order."""
    reply = await client.get("/metrics")
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith("text/plain; version=")
    return {
        (
            sample.name,
            ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


async def test_metrics_need_a_token(app: FastAPI) -> None:
    assert (await get(app, "/metrics")).status_code == 401


async def test_requests_are_counted_by_route_never_by_path(client_of: ClientOf) -> None:
    viewer = await client_of(Role.VIEWER)
    for slug in ("one", "two", "three"):
        assert (await viewer.get(f"/v1/devices/{slug}")).status_code == 404
    await viewer.get("/no/such/path")
    found = await metrics_of(viewer)
    assert found["edgemeter_http_requests_total", "method=GET,route=/v1/devices/{slug},status=404"] == 3
    assert found["edgemeter_http_requests_total", "method=GET,route=unknown,status=404"] == 1
    assert found["edgemeter_http_request_seconds_count", "method=GET,route=/v1/devices/{slug}"] == 3
    assert found["edgemeter_http_open_requests", ""] == 1


async def test_the_installation_in_numbers(
    client_of: ClientOf, services: Services, clock: ManualClock
) -> None:
    admin, agent = await client_of(Role.ADMIN), await client_of(Role.AGENT, device="a")
    await client_of(Role.AGENT, device="b")
    opening: dict[str, Any] = {
        "protocol_version": 1,
        "agent_version": "1",
        "opening_id": str(uuid.uuid4()),
        "description": {},
        "offers": [],
    }
    assert (await agent.post("/v1/agent/sessions", json=opening)).status_code == 201

    def work(connection: Any) -> None:
        stored = {"format": "onnx", "created_us": 0, "state": "stored"}
        connection.execute(insert(artifacts).values(sha256=bytes(32), size_bytes=1000, **stored))
        connection.execute(insert(artifacts).values(sha256=bytes([1] * 32), size_bytes=24, **stored))
        device_id = connection.execute(devices.select().where(devices.c.slug == "b")).one().id
        health.strike(connection, device_id, 0, "unplugged", limit=1)

    await services.database.write(work)
    found = await metrics_of(admin)
    assert found["edgemeter_agents_live", ""] == 1
    assert found["edgemeter_devices", "health=good"] == 1
    assert found["edgemeter_devices", "health=bad"] == 1
    assert found["edgemeter_devices", "health=retired"] == 0
    assert found["edgemeter_artifact_bytes", ""] == 1024
    assert found["edgemeter_database_bytes", ""] > 0
    assert found["edgemeter_jobs_pending", ""] == 0
    assert found["process_resident_memory_bytes", ""] > 0
    clock.advance(91)
    assert (await metrics_of(admin))["edgemeter_agents_live", ""] == 0


async def test_two_applications_count_apart(client_of: ClientOf, services: Services) -> None:
    await (await client_of(Role.VIEWER)).get("/v1/devices")
    other = create_app(services)
    await get(other, "/healthz")
    counted = other.state.metrics.registry.get_sample_value
    labels = {"method": "GET", "status": "200"}
    assert counted("edgemeter_http_requests_total", {**labels, "route": "/healthz"}) == 1
    assert counted("edgemeter_http_requests_total", {**labels, "route": "/v1/devices"}) is None
