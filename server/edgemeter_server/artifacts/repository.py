"""What other domains ask of artifacts: which one, what an agent needs of it, who may see it."""

from collections.abc import Iterable

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    exists,
    literal_column,
    or_,
    select,
    true,
)

from edgemeter.wire.access import Role
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import visible_projects
from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.tables import attempts, jobs

#: Literals, as in the partial indexes that are to serve these.
OPEN_JOB = jobs.c.state.in_([literal_column("'pending'"), literal_column("'running'")])
LIVE_ATTEMPT = attempts.c.state == literal_column("'live'")

_NEEDED = (artifacts.c.id, artifacts.c.sha256, artifacts.c.size_bytes, artifacts.c.format)


def artifact_id(connection: Connection, sha256: str, project_id: int) -> int:
    """Raises Refusal NOT_FOUND unless `project_id` has uploaded the file."""
    values = {"digest": bytes.fromhex(sha256), "project": project_id}
    found = connection.execute(_OWN, values).scalar()
    if found is None:
        raise unknown(sha256)
    return int(found)


# Made once: it is asked for with every estimate of a file.
_OWN = (
    select(artifacts.c.id)
    .join(project_artifacts)
    .where(artifacts.c.sha256 == bindparam("digest"), project_artifacts.c.project_id == bindparam("project"))
)


def references(
    connection: Connection, ids: Iterable[int], *, project_id: int | None = None
) -> dict[int, ArtifactReference]:
    """By artifact id. A file is called what `project_id` called it, else what a public project did, else by
    its digest: what a private project calls its files is its own.
    """
    open_owner = projects.c.private.is_(False)
    owner = open_owner if project_id is None else or_(open_owner, projects.c.id == project_id)
    told = projects.c.id.is_not(None)
    # Joined one after the other: SQLite would gather all owners of all files for a join within a join.
    rows = connection.execute(
        select(*_NEEDED, case((told, project_artifacts.c.name)).label("name"))
        .outerjoin(project_artifacts, project_artifacts.c.artifact_id == artifacts.c.id)
        .outerjoin(projects, and_(projects.c.id == project_artifacts.c.project_id, owner))
        .where(artifacts.c.id.in_(set(ids)))
        # The first given name last, and before it the project's own: later ones overwrite.
        .order_by(told, project_artifacts.c.project_id == project_id, project_artifacts.c.id.desc())
    )
    return {row["id"]: _reference(row) for row in rows.mappings()}


def visible_to(caller: Caller) -> ColumnElement[bool]:
    """A condition on `artifacts`: those of visible projects; for an agent, those of attempts it holds."""
    if caller.role is Role.ADMIN:
        return true()
    seen = exists()
    if caller.role is Role.AGENT:
        seen = seen.where(
            jobs.c.artifact_id == artifacts.c.id,
            OPEN_JOB,
            attempts.c.job_id == jobs.c.id,
            attempts.c.device_id == caller.device_id,
            LIVE_ATTEMPT,
        )
    else:
        seen = seen.where(
            project_artifacts.c.artifact_id == artifacts.c.id,
            project_artifacts.c.project_id == projects.c.id,
            visible_projects(caller),
        )
    # Of a statement around it that also reads jobs or projects, only the artifact is meant.
    return seen.correlate(artifacts)


def unknown(sha256: str) -> Refusal:
    return Refusal(ProblemType.NOT_FOUND, f"no artifact {sha256}, or not yours")


def _reference(row: RowMapping) -> ArtifactReference:
    sha256, suffix = row["sha256"].hex(), row["format"]
    name = row["name"] or f"{sha256[:12]}.{suffix}"
    return ArtifactReference(sha256=sha256, size_bytes=row["size_bytes"], format=suffix, name=name)
