"""A laboratory: networks of a project, devices with open sessions, and agents that speak the protocol."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, delete, insert, select, update

from edgemeter.protocols import PROTOCOLS
from edgemeter_server import faults
from edgemeter_server.access.tables import projects, tokens
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.devices.tables import agent_sessions, device_targets, devices, target_revisions, targets
from edgemeter_server.jobs.attempts import expire_session
from edgemeter_server.services import Services

Document = dict[str, Any]
TARGET = "board.cpu.onnxruntime-1.31.fp32.t1.b1"


def sha256_of(number: int) -> str:
    return hashlib.sha256(f"network {number}".encode()).hexdigest()


def measurement_of(lease: Mapping[str, Any], latency_ms: float = 1.25, **changes: Any) -> Document:
    """What an agent would report for a lease."""
    names = ("min_ms", "max_ms", "mean_ms", "trimmed_mean_ms", "median_ms", "cpu_ms", "raw_ms")
    document: Document = {
        "target": {
            "slug": lease["target"],
            "device": "board",
            "processor": "cpu",
            "runtime": "onnxruntime",
            "runtime_version": "1.31",
            "precision": "fp32",
            "threads": 1,
            "batch": 1,
        },
        "network": {
            "name": lease["artifact"]["name"],
            "sha256": lease["artifact"]["sha256"],
            "size_bytes": lease["artifact"]["size_bytes"],
            "format": lease["artifact"]["format"],
            "shapes": {"x": [1, 16]},
            "macs": 16,
            "parameters": 16,
            "structural_hash": None,
        },
        "protocol": {
            "name": lease["spec"]["protocol"],
            "version": PROTOCOLS[lease["spec"]["protocol"]].version,
            "digest": lease["protocol_digest"],
        },
        "status": "ok",
        "latency": dict.fromkeys(names, latency_ms)
        | {
            "value_ms": latency_ms,
            "interval": {"low_ms": latency_ms * 0.9, "high_ms": latency_ms * 1.1},
            "method": "wall",
            "statistic": "lower_quartile",
            "sd_ms": 0.0,
            "mad_ms": 0.0,
            "percentiles_ms": {"p50": latency_ms},
            "confidence_ms": [latency_ms, latency_ms],
            "visits_ms": [latency_ms],
            "samples": 3,
            "timed_s": 0.1,
            "outliers_mild": 0,
            "outliers_severe": 0,
            "converged": True,
            "realtime": False,
            "disturbance": 0.0,
            "drift": None,
            "shrinkage": 0.0,
            "thermal_state": "burst",
        },
        "validity": {"valid": True},
        "visits": [
            {
                "runs_per_sample": 1,
                "realtime": False,
                "wall_ns": [1_250_000, 1_250_000, 1_260_000],
                "cpu_ns": [1_250_000, 1_250_000, 1_260_000],
                "delay_ns": [0, 0, 0],
                "warmup_wall_ns": [2_000_000],
            }
        ],
    }
    return document | changes


def item(artifact: str, target: str = TARGET, **more: Any) -> Document:
    return {"artifact": artifact, "target": target, **more}


def failed(kind: str, *, started: bool = True, message: str = "it did not work") -> Document:
    """An outcome without a measurement."""
    return {"result": "not_measured", "failure": {"kind": kind, "message": message}, "started": started}


def measured(lease: Mapping[str, Any], **changes: Any) -> Document:
    return {"result": "measured", "measurement": measurement_of(lease, **changes)}


@dataclass
class AgentProcess:
    """One session of one device, over HTTP."""

    client: httpx.AsyncClient
    device_id: int
    session_id: int

    async def claim(self, up_to: int = 1, wait_s: float = 0, claim_id: str | None = None) -> list[Document]:
        message = {
            "session_id": self.session_id,
            "claim_id": claim_id or str(uuid.uuid4()),
            "up_to": up_to,
            "wait_s": wait_s,
        }
        answer = await self.client.post("/v1/agent/claims", json=message)
        assert answer.status_code == 200, answer.text
        leases: list[Document] = answer.json()["leases"]
        return leases

    async def renew(self, leases: Iterable[Mapping[str, Any]]) -> httpx.Response:
        held = [{"attempt_id": lease["attempt_id"], "secret": lease["secret"]} for lease in leases]
        return await self.client.post(
            "/v1/agent/renewals", json={"session_id": self.session_id, "leases": held}
        )

    async def renewed(self, leases: Iterable[Mapping[str, Any]]) -> list[str]:
        answer = await self.renew(leases)
        assert answer.status_code == 200, answer.text
        return [renewal["state"] for renewal in answer.json()["leases"]]

    async def report(self, *pairs: tuple[Mapping[str, Any], Document]) -> list[Document]:
        """Of each lease, what came of it; returns the receipts."""
        reports = [
            {"attempt_id": lease["attempt_id"], "secret": lease["secret"], "outcome": outcome}
            for lease, outcome in pairs
        ]
        message = {"agent_version": "0.1", "seed": 7, "provenance": {"host": "test"}, "reports": reports}
        answer = await self.client.post("/v1/agent/reports", json=message)
        assert answer.status_code == 200, answer.text
        receipts: list[Document] = answer.json()["receipts"]
        return receipts


@dataclass
class Lab:
    """Rows that other domains make, made here by themselves, and clients of each role."""

    services: Services
    client_of: Callable[..., Awaitable[httpx.AsyncClient]]
    submitter: httpx.AsyncClient
    item = staticmethod(item)
    failed = staticmethod(failed)
    measured = staticmethod(measured)
    measurement_of = staticmethod(measurement_of)
    TARGET = TARGET
    targets: dict[str, int] = field(default_factory=dict)

    async def networks(self, count: int, project: str = "default", first: int = 0) -> list[str]:
        """Stores so many networks; returns their addresses."""
        digests = [sha256_of(number) for number in range(first, first + count)]

        def work(connection: Connection) -> None:
            owner = connection.execute(select(projects.c.id).where(projects.c.slug == project)).scalar_one()
            known = _ids(connection)
            new = [digest for digest in digests if bytes.fromhex(digest) not in known]
            rows = [
                {"sha256": bytes.fromhex(digest), "size_bytes": 100, "format": "onnx", "created_us": 0}
                for digest in new
            ]
            if rows:
                connection.execute(insert(artifacts), rows)
            known = _ids(connection)
            owned = [
                {
                    "project_id": owner,
                    "artifact_id": known[bytes.fromhex(digest)],
                    "name": f"{project}-{digest[:6]}.onnx",
                    "created_us": 0,
                }
                for digest in digests
            ]
            connection.execute(insert(project_artifacts), owned)

        await self.services.database.write(work)
        return digests

    async def target(self, slug: str = TARGET, formats: str = "onnx") -> int:
        """The id of a target that nobody offers yet."""
        if slug not in self.targets:
            row = {"slug": slug, "document": "{}", "formats": formats, "created_us": 0}
            added = insert(targets).values(row).returning(targets.c.id)
            self.targets[slug] = await self.services.database.write(
                lambda connection: connection.execute(added).scalar_one()
            )
        return self.targets[slug]

    async def agent(
        self, device: str = "board", offered: Sequence[str] = (TARGET,), *, approved: bool = True
    ) -> AgentProcess:
        """A new session of the device, which offers targets. It takes over from the one before."""
        client = await self.client_of("agent", device=device)
        target_ids = [await self.target(slug) for slug in offered]

        def work(connection: Connection) -> tuple[int, int]:
            device_id = connection.execute(select(devices.c.id).where(devices.c.slug == device)).scalar_one()
            return device_id, self._open(connection, device_id, target_ids, approved)

        device_id, session_id = await self.services.database.write(work)
        return AgentProcess(client, device_id, session_id)

    def _open(self, connection: Connection, device_id: int, target_ids: Sequence[int], approved: bool) -> int:
        now_us = self.services.clock.now_us(connection)
        mine = (agent_sessions.c.device_id == device_id, agent_sessions.c.closed_us.is_(None))
        former = connection.execute(select(agent_sessions.c.id).where(*mine)).scalar()
        if former is not None:
            expire_session(connection, former, now_us)
            connection.execute(
                update(agent_sessions).where(agent_sessions.c.id == former).values(closed_us=now_us)
            )
        token_id = connection.execute(select(tokens.c.id).where(tokens.c.device_id == device_id)).scalars()
        row = {
            "device_id": device_id,
            "token_id": token_id.all()[0],
            "agent_version": "0.1",
            "protocol_version": 1,
            "opened_us": now_us,
            "seen_us": now_us,
        }
        added = insert(agent_sessions).values(row).returning(agent_sessions.c.id)
        session_id = int(connection.execute(added).scalar_one())
        connection.execute(delete(device_targets).where(device_targets.c.device_id == device_id))
        for target_id in target_ids:
            offer = {
                "device_id": device_id,
                "target_id": target_id,
                "revision_id": _revision(connection, target_id, now_us),
                "session_id": session_id,
                "approved_us": now_us if approved else None,
            }
            connection.execute(insert(device_targets).values(offer))
        return session_id

    async def submit(self, *items: Document, project: str = "default", **headers: str) -> httpx.Response:
        message = {"project": project, "items": items}
        return await self.submitter.post("/v1/requests", json=message, headers=headers)

    async def requested(self, *items: Document) -> list[Document]:
        """Accepted requests."""
        answer = await self.submit(*items)
        assert answer.status_code == 201, answer.text
        documents: list[Document] = answer.json()["requests"]
        return documents

    async def request(self, request_id: int, wait_s: float = 0) -> Document:
        answer = await self.submitter.get(f"/v1/requests/{request_id}", params={"wait": wait_s})
        assert answer.status_code == 200, answer.text
        document: Document = answer.json()
        return document

    async def job(self, job_id: int) -> Document:
        answer = await self.submitter.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        document: Document = answer.json()
        return document


def _ids(connection: Connection) -> dict[bytes, int]:
    return {row.sha256: row.id for row in connection.execute(select(artifacts.c.sha256, artifacts.c.id))}


def _revision(connection: Connection, target_id: int, now_us: int) -> int:
    known = select(target_revisions.c.id).where(target_revisions.c.target_id == target_id)
    found = connection.execute(known).scalars().first()
    if found is not None:
        return int(found)
    row = {
        "target_id": target_id,
        "number": 1,
        "fingerprint_digest": bytes(32),
        "fingerprint": "{}",
        "created_us": now_us,
    }
    added = insert(target_revisions).values(row).returning(target_revisions.c.id)
    return int(connection.execute(added).scalar_one())


@pytest.fixture
async def lab(
    services: Services, client_of: Callable[..., Awaitable[httpx.AsyncClient]]
) -> AsyncIterator[Lab]:
    yield Lab(services, client_of, await client_of("submitter"))
    faults.install(None)
