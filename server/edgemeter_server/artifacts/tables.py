"""artifacts, artifact_graphs, project_artifacts, artifact_usage."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from edgemeter_server.database.metadata import Key, Microseconds, metadata


class ArtifactState(StrEnum):
    """Where the bytes are. Rows stay for ever: jobs and measurements go on naming them."""

    ARRIVING = "arriving"  #: checked, and about to be stored
    STORED = "stored"
    REMOVING = "removing"  #: nobody needs them any more; the collection is deleting them
    REMOVED = "removed"
    RECIPE = "recipe"  #: nowhere: agents build it, and no file of it is ever stored here


#: Stored once, whoever uploaded it. `features` is JSON; `refused` why the file is no network.
#: `touched_us` is when somebody last began to store it: the collection leaves it alone for a while after.
artifacts = Table(
    "artifacts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("format", String(16), nullable=False),
    Column("state", String(16), nullable=False, default=ArtifactState.STORED.value),
    Column("created_us", Microseconds, nullable=False),
    Column("touched_us", Microseconds, nullable=False, default=0),
    Column("features", Text),
    Column("refused", Text),
    sqlite_autoincrement=True,
)
_UNREAD = text("state = 'stored' AND features IS NULL AND refused IS NULL")
#: Networks whose features are still to be computed.
Index("ix_artifacts_unread", artifacts.c.id, sqlite_where=_UNREAD, postgresql_where=_UNREAD)

#: The graph of a network, see packing.py, which is as private as the file; `refused` says why there is none.
#: Files of before have no row until somebody asks for a prediction of them.
artifact_graphs = Table(
    "artifact_graphs",
    metadata,
    Column("artifact_id", Key, ForeignKey("artifacts.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary),
    Column("refused", Text),
)

#: Who may see a file: a project that uploaded all of its bytes. Knowing its sha256 gives nothing.
project_artifacts = Table(
    "project_artifacts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("project_id", Key, ForeignKey("projects.id"), nullable=False),
    Column("artifact_id", Key, ForeignKey("artifacts.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("created_us", Microseconds, nullable=False),
    UniqueConstraint("project_id", "artifact_id"),
    sqlite_autoincrement=True,
)
Index("ix_project_artifacts_project_id_id", project_artifacts.c.project_id, project_artifacts.c.id)

#: Bytes of all artifacts of a project, kept beside them so that its quota costs no sum.
artifact_usage = Table(
    "artifact_usage",
    metadata,
    Column("project_id", Key, ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("size_bytes", BigInteger, nullable=False),
)
