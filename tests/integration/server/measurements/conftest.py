"""A lab with everything that a measurement refers to, and measurements of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert, select

from edgemeter.measurement import Measurement
from edgemeter_server.access.tables import projects, tokens
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.devices.tables import agent_sessions, devices, target_revisions, targets
from edgemeter_server.jobs.tables import attempts, jobs, requests, specs
from edgemeter_server.measurements import testing
from edgemeter_server.measurements.new import NewMeasurement
from edgemeter_server.measurements.repository import store_many
from edgemeter_server.services import Services


def add(connection: Connection, table: Table, **values: Any) -> int:
    """A row, with something harmless in each column that must have a value."""
    harmless = {"INTEGER": 0, "BIGINT": 0, "BLOB": b"", "BYTEA": b"", "BOOLEAN": False}
    filled = {
        column.name: harmless.get(column.type.compile(connection.dialect), "")
        for column in table.columns
        if not column.nullable and not column.primary_key and column.default is None
    }
    row = insert(table).values(filled | values)
    return int(connection.execute(row.returning(table.c.id)).scalar_one())


@dataclass(frozen=True, slots=True)
class Lab:
    """Measures, without an agent: rows and documents as a report would leave them."""

    services: Services
    device_id: int
    session_id: int
    target_id: int
    revision_id: int
    spec_id: int
    token_id: int
    random: Random = field(default_factory=lambda: Random(7))
    numbers: "count[int]" = field(default_factory=count)

    async def project(self, slug: str, *, private: bool = False) -> int:
        return await self.services.database.write(
            lambda c: add(c, projects, slug=slug, private=private, created_us=0)
        )

    async def artifact(self, project_id: int, name: str = "network.onnx", sha256: str | None = None) -> str:
        """Its sha256; one that is there already becomes the project's too."""
        sha256 = sha256 or hashlib.sha256(str(next(self.numbers)).encode()).hexdigest()

        def work(connection: Connection) -> None:
            digest = bytes.fromhex(sha256)
            found = connection.execute(select(artifacts.c.id).where(artifacts.c.sha256 == digest)).scalar()
            id_ = found or add(connection, artifacts, sha256=digest, size_bytes=1000, format="onnx")
            add(connection, project_artifacts, project_id=project_id, artifact_id=id_, name=name)

        await self.services.database.write(work)
        return sha256

    async def measured(self, sha256: str, **changes: Any) -> int:
        """The id of a new measurement of it."""
        document = testing.measurement(self.random, sha256, testing.conditions(self.random))
        return (await self.stored([document], **changes))[0]

    async def stored(self, documents: Sequence[Measurement], **changes: Any) -> list[int]:
        return await self.services.database.write(
            lambda c: store_many(
                c, [self.new(c, document, **changes) for document in documents], self.services.clock.now_us(c)
            )
        )

    def new(self, connection: Connection, document: Measurement, **changes: Any) -> NewMeasurement:
        """With a finished job and attempt of its own, unless `job_id` is given."""
        digest = bytes.fromhex(document.network.sha256)
        artifact_id = connection.execute(
            select(artifacts.c.id).where(artifacts.c.sha256 == digest)
        ).scalar_one()
        subject = {
            "artifact_id": artifact_id,
            "target_id": changes.get("target_id", self.target_id),
            "spec_id": changes.get("spec_id", self.spec_id),
        }
        job_id = changes.get("job_id") or self._job(connection, subject)
        attempt_id = changes.get("attempt_id") or add(
            connection,
            attempts,
            job_id=job_id,
            session_id=self.session_id,
            device_id=self.device_id,
            revision_id=self.revision_id,
            claim_id=bytes(16),
            number=next(self.numbers),
            state="reported",
        )
        values = {
            "job_id": job_id,
            "attempt_id": attempt_id,
            "revision_id": self.revision_id,
            "device_id": self.device_id,
            "accepted": True,
            "measurement": document,
            "agent_version": "1.0.0",
            "seed": 0,
            "provenance": testing.provenance(),
        }
        return NewMeasurement(**(values | subject | changes | {"job_id": job_id, "attempt_id": attempt_id}))

    def _job(self, connection: Connection, subject: dict[str, int]) -> int:
        owned = select(project_artifacts.c.project_id).where(
            project_artifacts.c.artifact_id == subject["artifact_id"]
        )
        of_project = (
            {"project_id": connection.execute(owned).scalars().first()} if "project_id" in jobs.c else {}
        )
        return add(connection, jobs, state="done", wanted=1, attempts=1, **subject, **of_project)

    async def asked(self, project_id: int, sha256: str, **answered_by: int) -> int:
        """A request of the project, answered by a measurement or a job."""

        def work(connection: Connection) -> int:
            digest = bytes.fromhex(sha256)
            artifact_id = connection.execute(
                select(artifacts.c.id).where(artifacts.c.sha256 == digest)
            ).scalar_one()
            return add(
                connection,
                requests,
                project_id=project_id,
                token_id=self.token_id,
                artifact_id=artifact_id,
                target_id=self.target_id,
                spec_id=self.spec_id,
                **answered_by,
            )

        return await self.services.database.write(work)


@pytest.fixture
async def lab(services: Services) -> Lab:
    def work(connection: Connection) -> Lab:
        device_id = add(connection, devices, slug="board-4c", name="Board", description="{}", health="good")
        token_id = add(connection, tokens, digest=bytes(32), name="agent", role="agent", device_id=device_id)
        session_id = add(
            connection, agent_sessions, device_id=device_id, token_id=token_id, agent_version="1.0.0"
        )
        target_id = add(connection, targets, slug=testing.TARGET.slug, document="{}", formats="onnx")
        revision_id = add(
            connection,
            target_revisions,
            target_id=target_id,
            number=1,
            fingerprint_digest=bytes(32),
            fingerprint="{}",
        )
        spec_id = add(
            connection, specs, digest=bytes(32), document="{}", protocol="survey", protocol_digest=bytes(32)
        )
        return Lab(services, device_id, session_id, target_id, revision_id, spec_id, token_id)

    return await services.database.write(work)
