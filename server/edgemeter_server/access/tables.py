"""projects, tokens, audit."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text, text

from edgemeter_server.database.metadata import Key, Microseconds, metadata

projects = Table(
    "projects",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", String(160), nullable=False, unique=True),
    Column("private", Boolean, nullable=False),
    Column("created_us", Microseconds, nullable=False),
    sqlite_autoincrement=True,
)

#: `digest` is the SHA-256 of the token: 256 random bits need no slow hash.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("project_id", Key, ForeignKey("projects.id")),
    Column("device_id", Key, ForeignKey("devices.id")),
    #: Of an enrolment token: the only device it may become; None: any new one.
    Column("device_slug", String(160)),
    Column("created_us", Microseconds, nullable=False),
    Column("expires_us", Microseconds),
    Column("revoked_us", Microseconds),
    Column("last_used_us", Microseconds),
    sqlite_autoincrement=True,
)
Index("ix_tokens_device_id", tokens.c.device_id, postgresql_where=text("device_id IS NOT NULL"))

#: What admins and the service itself did to devices, tokens, projects and data.
audit = Table(
    "audit",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at_us", Microseconds, nullable=False),
    Column("token_id", Key, ForeignKey("tokens.id")),
    Column("device_id", Key, ForeignKey("devices.id"), index=True),
    Column("action", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
