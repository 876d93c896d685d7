"""Which revision of the schema a database has, and the way to the newest."""

from enum import StrEnum
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from edgemeter.failures import EdgeMeterError

MIGRATIONS = "edgemeter_migrations:"


class SchemaState(StrEnum):
    EMPTY = "empty"  #: no tables yet
    BEHIND = "behind"  #: of an older EdgeMeter: to be upgraded
    CURRENT = "current"
    AHEAD = "ahead"  #: of a newer EdgeMeter: this one must not touch it


class SchemaError(EdgeMeterError):
    """The schema is not one that this EdgeMeter can work with. The text says what to do."""


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    return config


def head() -> str:
    """The newest revision this EdgeMeter knows."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise SchemaError("this installation of EdgeMeter has no migrations")
    return revision


def revision_of(connection: Connection) -> str | None:
    """None for a database without tables."""
    return MigrationContext.configure(connection).get_current_revision()


def state_of(connection: Connection) -> SchemaState:
    revision = revision_of(connection)
    if revision is None:
        return SchemaState.EMPTY
    if revision == head():
        return SchemaState.CURRENT
    known = {script.revision for script in _scripts().walk_revisions()}
    return SchemaState.BEHIND if revision in known else SchemaState.AHEAD


def migrate(connection: Connection, to: str | None = None) -> None:
    """Brings the schema to the newest revision, or up to revision `to`, in the caller's transaction."""
    # SQLAlchemy counts a transaction from the first statement on; Alembic then leaves it to us.
    connection.execute(text("SELECT 1"))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to or "head")
