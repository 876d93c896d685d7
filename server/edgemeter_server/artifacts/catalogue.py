"""What people are told of artifacts."""

from sqlalchemy import Connection, RowMapping, Select, select

from edgemeter.wire.artifacts import ArtifactDocument, ArtifactReference, GraphFeatures
from edgemeter_server.access.projects import visible_projects
from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.repository import references, unknown, visible_to
from edgemeter_server.artifacts.tables import ArtifactState, artifacts, project_artifacts
from edgemeter_server.http.caller import Caller
from edgemeter_server.instants import instant

_COLUMNS = (
    project_artifacts.c.id,
    project_artifacts.c.name,
    project_artifacts.c.created_us,
    projects.c.slug,
    artifacts.c.sha256,
    artifacts.c.size_bytes,
    artifacts.c.format,
    artifacts.c.features,
    artifacts.c.refused,
)
_IS_FILE = artifacts.c.state != ArtifactState.RECIPE.value
#: Id for paging, document.
Listed = tuple[int, ArtifactDocument]


def listed(
    connection: Connection, caller: Caller, project_id: int | None, before_id: int, limit: int
) -> list[Listed]:
    """Of one project, or of all that the caller sees; newest first."""
    rows = _visible(caller).where(project_artifacts.c.id < before_id)
    if project_id is not None:
        rows = rows.where(project_artifacts.c.project_id == project_id)
    rows = rows.order_by(project_artifacts.c.id.desc()).limit(limit)
    return [(row["id"], _document(row)) for row in connection.execute(rows).mappings()]


def document(connection: Connection, caller: Caller, sha256: str, project: str | None) -> ArtifactDocument:
    """As the caller's own project has it, else the first that shows it. Raises Refusal NOT_FOUND."""
    rows = _visible(caller).where(artifacts.c.sha256 == bytes.fromhex(sha256))
    if project is not None:
        rows = rows.where(projects.c.slug == project)
    rows = rows.order_by((projects.c.id == caller.project_id).desc(), project_artifacts.c.id).limit(1)
    found = connection.execute(rows).mappings().first()
    if found is None:
        raise unknown(sha256)
    return _document(found)


def served(connection: Connection, caller: Caller, sha256: str) -> ArtifactReference:
    """A file whose content the caller may have. Raises Refusal NOT_FOUND."""
    rows = select(artifacts.c.id).where(
        artifacts.c.sha256 == bytes.fromhex(sha256), visible_to(caller), _IS_FILE
    )
    found = connection.execute(rows).scalar()
    if found is None:
        raise unknown(sha256)
    return references(connection, (found,), project_id=caller.project_id)[found]


def _visible(caller: Caller) -> Select[tuple[object, ...]]:
    rows: Select[tuple[object, ...]] = (
        select(*_COLUMNS)
        .select_from(project_artifacts)
        .join(artifacts, artifacts.c.id == project_artifacts.c.artifact_id)
        .join(projects, projects.c.id == project_artifacts.c.project_id)
        .where(visible_projects(caller), _IS_FILE)
    )
    return rows


def _document(row: RowMapping) -> ArtifactDocument:
    features = row["features"]
    return ArtifactDocument(
        sha256=row["sha256"].hex(),
        size_bytes=row["size_bytes"],
        format=row["format"],
        name=row["name"],
        project=row["slug"],
        created_at=instant(row["created_us"]),
        features=None if features is None else GraphFeatures.model_validate_json(features),
        refused=row["refused"],
    )
