"""Brings a database's schema to this version, whole or not at all; on SQLite after a copy was put aside."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from edgemeter_server.clock import Clock, DatabaseClock, SystemClock
from edgemeter_server.database import installation
from edgemeter_server.database.postgres import one_connection
from edgemeter_server.database.schema import SchemaError, SchemaState, migrate, revision_of, state_of
from edgemeter_server.database.sqlite_connection import MEMORY, SqliteConnection, open_reader, open_writer
from edgemeter_server.measurements.partitions import ensure_months

_LOCK = text("SELECT pg_advisory_xact_lock(7310294518266419)")  # any number, always the same
_PATIENCE = text("SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")
_OWNER_ONLY = 0o600
_BROKEN = text("SELECT count(*) FROM pragma_foreign_key_check")
_NEWER = "the database was made by a newer EdgeMeter: install that one, or restore an older backup"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """From which revision to which (the same: nothing was to be done); `copy` is SQLite's file of before."""

    before: str | None
    after: str | None
    copy: Path | None = None


def prepare(connection: Connection, clock: Clock) -> Upgrade:
    """Tables of this version, with what every installation has in them, in the caller's transaction."""
    state, before = state_of(connection), revision_of(connection)
    if state is SchemaState.AHEAD:
        raise SchemaError(_NEWER)
    if state is not SchemaState.CURRENT:
        migrate(connection)
    now_us = clock.now_us(connection)
    installation.ensure(connection, now_us)
    ensure_months(connection, now_us)
    return Upgrade(before, revision_of(connection))


def upgrade_sqlite(path: Path | str) -> Upgrade:
    """The caller holds the folder's lock. Makes the file where there is none."""
    if path != MEMORY:
        Path(path).touch(_OWNER_ONLY)  # its -wal and -shm are then readable by the owner only, too
    with closing(open_writer(path)) as connection:
        copy = _put_aside(connection, path)
        # A table is rebuilt by way of deleting it, which must not delete what refers to it: checked below.
        connection.enforce_foreign_keys(False)
        connection.begin()
        try:
            done = connection.attempt(_prepare_sqlite)
        except BaseException:
            connection.roll_back()
            raise
        connection.commit()
        connection.enforce_foreign_keys(True)
    return Upgrade(done.before, done.after, copy)


def state_of_sqlite(path: Path) -> SchemaState:
    if not path.exists():
        return SchemaState.EMPTY
    with closing(open_reader(path)) as connection:
        return connection.look(state_of)


async def upgrade_postgres(url: str) -> Upgrade:
    """Servers that try at once wait for each other; whoever comes later finds nothing to do."""
    async with one_connection(url) as connection:
        await connection.execute(_PATIENCE)
        await connection.execute(_LOCK)
        done = await connection.run_sync(prepare, DatabaseClock())
        await connection.commit()
        return done


async def state_of_postgres(url: str) -> SchemaState:
    async with one_connection(url) as connection:
        return await connection.run_sync(state_of)


def _prepare_sqlite(connection: Connection) -> Upgrade:
    done = prepare(connection, SystemClock())
    if connection.execute(_BROKEN).scalar_one():
        raise SchemaError("the upgrade would leave rows that refer to nothing; nothing was changed")
    return done


def _put_aside(connection: SqliteConnection, path: Path | str) -> Path | None:
    """A copy of a database that is about to be changed."""
    if path == MEMORY or connection.look(state_of) is not SchemaState.BEHIND:
        return None
    file = Path(path)
    copy = file.with_name(f"{file.stem}-before-upgrade-from-{connection.look(revision_of)}{file.suffix}")
    copy.touch(_OWNER_ONLY)
    with closing(sqlite3.connect(copy)) as target:
        connection.copy_to(target)
    return copy
