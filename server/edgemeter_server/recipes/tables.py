"""recipes, session_builds."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from edgemeter_server.database.metadata import Key, metadata

#: A network that agents build. Its artifact's sha256 is the recipe's own; `file_sha256` and `file_bytes` are
#: those of the file, as the first report told them. `builds` is the space and its version.
recipes = Table(
    "recipes",
    metadata,
    Column("artifact_id", Key, ForeignKey("artifacts.id"), primary_key=True, autoincrement=False),
    Column("builds", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("precision", String(8), nullable=False),
    Column("batch", Integer, nullable=False),
    Column("file_sha256", LargeBinary(32)),
    Column("file_bytes", BigInteger),
)
#: All that was ever asked for of a space.
Index("ix_recipes_builds_kind", recipes.c.builds, recipes.c.kind)

#: The spaces whose recipes a session can build.
session_builds = Table(
    "session_builds",
    metadata,
    Column("session_id", Key, ForeignKey("agent_sessions.id"), primary_key=True),
    Column("builds", String(200), primary_key=True),
)
