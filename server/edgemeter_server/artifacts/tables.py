"""artifacts, project_artifacts."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table, Text

from edgemeter_server.database.metadata import Key, Microseconds, metadata

#: Stored once, whoever uploaded it. `features` is JSON; `refused` why the file is no network.
artifacts = Table(
    "artifacts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("format", String(16), nullable=False),
    Column("created_us", Microseconds, nullable=False),
    Column("features", Text),
    Column("refused", Text),
    sqlite_autoincrement=True,
)

#: Who may see a file: a project that uploaded all of its bytes. Knowing its sha256 gives nothing.
project_artifacts = Table(
    "project_artifacts",
    metadata,
    Column("project_id", Key, ForeignKey("projects.id"), primary_key=True),
    Column("artifact_id", Key, ForeignKey("artifacts.id"), primary_key=True, index=True),
    Column("name", String(200), nullable=False),
    Column("created_us", Microseconds, nullable=False),
)
