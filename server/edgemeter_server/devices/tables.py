"""devices, targets, target_revisions, device_targets, agent_sessions."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from edgemeter_server.database.metadata import Key, Microseconds, metadata

#: `strikes` counts failures in a row that were the device's own (see jobs/policy.py).
devices = Table(
    "devices",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", String(160), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("health", String(16), nullable=False),
    Column("health_reason", Text, nullable=False),
    Column("strikes", Integer, nullable=False),
    Column("created_us", Microseconds, nullable=False),
    sqlite_autoincrement=True,
)

#: `formats` is comma-separated.
targets = Table(
    "targets",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", String(160), nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("formats", String(64), nullable=False),
    Column("created_us", Microseconds, nullable=False),
    sqlite_autoincrement=True,
)

#: A changed fingerprint (firmware, driver, clock policy) is a new revision of the target.
target_revisions = Table(
    "target_revisions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("target_id", Key, ForeignKey("targets.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("fingerprint_digest", LargeBinary(32), nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("created_us", Microseconds, nullable=False),
    UniqueConstraint("target_id", "number"),
    UniqueConstraint("target_id", "fingerprint_digest"),
    sqlite_autoincrement=True,
)

#: What a device offers, or offered: `session_id` is the session that last did, `revision_id` as what.
device_targets = Table(
    "device_targets",
    metadata,
    Column("device_id", Key, ForeignKey("devices.id"), primary_key=True),
    Column("target_id", Key, ForeignKey("targets.id"), primary_key=True, index=True),
    Column("revision_id", Key, ForeignKey("target_revisions.id"), nullable=False),
    Column("session_id", Key, ForeignKey("agent_sessions.id"), nullable=False),
    Column("approved_us", Microseconds),
)

#: `seen_us` moves at most every few seconds; leases do not depend on it. `opening_id` names the call that
#: opened it; sessions of before there were such names have none. `doing` is what its agent told at
#: `doing_us`.
agent_sessions = Table(
    "agent_sessions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("device_id", Key, ForeignKey("devices.id"), nullable=False),
    Column("token_id", Key, ForeignKey("tokens.id"), nullable=False),
    Column("agent_version", String(200), nullable=False),
    Column("protocol_version", Integer, nullable=False),
    Column("opened_us", Microseconds, nullable=False),
    Column("seen_us", Microseconds, nullable=False),
    Column("closed_us", Microseconds),
    Column("opening_id", LargeBinary(16)),
    Column("doing", String(200)),
    Column("doing_us", Microseconds),
    sqlite_autoincrement=True,
)
_OPEN = text("closed_us IS NULL")
Index(
    "uq_agent_sessions_live_device_id",
    agent_sessions.c.device_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index("ix_agent_sessions_device_id_id", agent_sessions.c.device_id, agent_sessions.c.id)
