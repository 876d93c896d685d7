"""A database with predictors that answer and networks that were measured, before the server starts."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from edgemeter.spaces.registry import find_space
from edgemeter.targets import Precision, Target
from edgemeter.wire.access import Role
from edgemeter.wire.requests import JobState, RequestItem
from edgemeter.wire.specs import JobSpec
from edgemeter_server.access import projects, tokens
from edgemeter_server.access.tables import projects as project_rows
from edgemeter_server.artifacts.tables import ArtifactState, artifacts
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.database.opening import open_database, upgrade
from edgemeter_server.devices.tables import agent_sessions, device_targets, devices, target_revisions, targets
from edgemeter_server.jobs.specs import intern, ready_specs
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.measurements.tables import interned, measurements
from edgemeter_server.predictors.tables import fits, predictors
from edgemeter_server.settings import Settings
from simulation.measuring import target_document

_FAR_US = 1_700_000_000_000_000
_MEASURED = 300  #: networks of each target with a predictor


async def seed(settings: Settings, files: Mapping[str, bytes], more: Sequence[Target] = ()) -> dict[str, str]:
    """A target for each predictor of `hurricane`; returns their slugs by the same names. `more` are targets
    without one.
    """
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    await upgrade(settings)
    async with open_database(settings) as opened:
        return await opened.database.write(partial(_all, files, more))


def _all(files: Mapping[str, bytes], more: Sequence[Target], connection: Connection) -> dict[str, str]:
    projects.ensure_default(connection, _FAR_US)
    about = {"name": "", "description": "{}", "health": "good", "health_reason": "", "strikes": 0}
    device = _added(connection, devices, slug="board", created_us=_FAR_US, **about)
    token, _ = tokens.issue(connection, "board", Role.AGENT, device_id=device, now_us=_FAR_US)
    session = _added(
        connection,
        agent_sessions,
        device_id=device,
        token_id=token,
        agent_version="1",
        protocol_version=1,
        opened_us=_FAR_US,
        seen_us=_FAR_US,
    )
    for target in more:
        _target(connection, target, device, session)
    return {
        name: _predictor(connection, number, file, device, session, token)
        for number, (name, file) in enumerate(files.items())
    }


def _target(connection: Connection, target: Target, device: int, session: int) -> tuple[int, int]:
    """Its id, and that of its revision."""
    document = target_document(target).model_dump_json()
    stands = {"created_us": _FAR_US}
    target_id = _added(connection, targets, slug=target.slug, document=document, formats="onnx", **stands)
    revision = _added(
        connection,
        target_revisions,
        target_id=target_id,
        number=1,
        fingerprint_digest=bytes(32),
        fingerprint="{}",
        **stands,
    )
    offered = {"device_id": device, "target_id": target_id, "revision_id": revision, "session_id": session}
    connection.execute(insert(device_targets).values(**offered, approved_us=_FAR_US))
    return target_id, revision


def _predictor(
    connection: Connection, number: int, file: bytes, device: int, session: int, token: int
) -> str:
    target = Target("board", "cpu", "onnxruntime", f"1.{number}", Precision.FP32)
    target_id, revision = _target(connection, target, device, session)
    project = connection.execute(select(project_rows.c.id)).scalar_one()
    run = _Run(project, target_id, revision, device, session, _spec(connection))
    for _ in range(_MEASURED):
        _measured(connection, run)
    asked: dict[str, Any] = {
        "project_id": project,
        "target_id": target_id,
        "builds": builds_of(find_space("hurricane")),
        "created_us": _FAR_US,
    }
    fit = _added(connection, fits, token_id=token, model="lut", activate=True, state="done", tries=1, **asked)
    _added(
        connection,
        predictors,
        revision_id=revision,
        fit_id=fit,
        number=1,
        active=True,
        file_sha256=hashlib.sha256(file).digest(),
        snapshot_sha256=bytes(32),
        document=json.dumps({}),
        content=file,
        **asked,
    )
    return target.slug


@dataclass(frozen=True, slots=True)
class _Run:
    """Who measures what, by their ids."""

    project: int
    target: int
    revision: int
    device: int
    session: int
    spec: int


def _spec(connection: Connection) -> int:
    [ready] = ready_specs([RequestItem(artifact="0" * 64, target="board", spec=JobSpec(protocol="survey"))])
    return intern(connection, {ready.digest: ready})[ready.digest]


def _measured(connection: Connection, run: _Run) -> None:
    """An architecture that nobody asks about: a question looks for its own among these. No file of it is
    stored, which the server would collect while it is measured.
    """
    created, kept = {"created_us": _FAR_US}, partial(_added, connection)
    recipe = {"size_bytes": 0, "format": "onnx", "state": ArtifactState.RECIPE.value}
    artifact = kept(artifacts, sha256=os.urandom(32), **recipe, **created)
    job = kept(
        jobs,
        project_id=run.project,
        artifact_id=artifact,
        target_id=run.target,
        spec_id=run.spec,
        state=JobState.DONE.value,
        not_before_us=_FAR_US,
        **dict.fromkeys(("priority", "wanted", "attempts", "tries"), 1),
        **created,
    )
    by = {"revision_id": run.revision, "device_id": run.device}
    when = {"started_us": _FAR_US, "expires_us": _FAR_US, "ended_us": _FAR_US}
    attempt = kept(
        attempts,
        job_id=job,
        session_id=run.session,
        claim_id=os.urandom(16),
        number=1,
        state="done",
        **by,
        **when,
    )
    shared = {name: kept(interned, digest=os.urandom(32), content=b"") for name in ("context_id", "batch_id")}
    kept(
        measurements,
        job_id=job,
        attempt_id=attempt,
        artifact_id=artifact,
        target_id=run.target,
        spec_id=run.spec,
        accepted=True,
        valid=True,
        failure_kind="",
        detail=b"",
        **by,
        **shared,
        **created,
    )


def _added(connection: Connection, table: Table, **values: Any) -> int:
    added = insert(table).values(values).returning(table.c.id)
    return int(connection.execute(added).scalar_one())
