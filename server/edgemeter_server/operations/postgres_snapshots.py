"""Snapshots of PostgreSQL, by its own programs."""

import asyncio
import os
import shutil
from pathlib import Path

from sqlalchemy import make_url, text

from edgemeter_server.database import installation
from edgemeter_server.database.postgres import one_connection
from edgemeter_server.database.schema import SchemaState, state_of
from edgemeter_server.operations.snapshots import Snapshot, SnapshotError, Snapshots, contents, refuse_strange

_EXPORT = text("SELECT pg_export_snapshot()")
_STAY = text("SET LOCAL idle_in_transaction_session_timeout = 0")
_ERROR_CHARACTERS = 500


class PostgresSnapshots(Snapshots):
    """By pg_dump and pg_restore, which must be installed here, in a version not older than the server's."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = url

    async def take(self, file: Path) -> Snapshot:
        program = _program("pg_dump")
        async with one_connection(self._url) as plain:
            connection = await plain.execution_options(isolation_level="REPEATABLE READ")
            await connection.execute(_STAY)
            name = (await connection.execute(_EXPORT)).scalar_one()
            snapshot = await connection.run_sync(contents)
            await self._run(program, "--format=custom", f"--snapshot={name}", f"--file={file}")
            return snapshot

    async def refuse_unless_empty(self) -> None:
        async with one_connection(self._url) as connection:
            if await connection.run_sync(state_of) is not SchemaState.EMPTY:
                raise SnapshotError("the PostgreSQL database is not empty")

    async def put_back(self, file: Path) -> None:
        program = _program("pg_restore")
        options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        await self._run(program, *options, str(file))
        async with one_connection(self._url) as connection:
            await connection.run_sync(refuse_strange)
            await connection.run_sync(installation.begin_epoch)
            await connection.commit()

    async def _run(self, program: str, *options: str) -> None:
        url = make_url(self._url).set(drivername="postgresql")
        # In the environment nobody else sees the password.
        environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password is not None else {})
        target = f"--dbname={url._replace(password=None).render_as_string(hide_password=False)}"
        process = await asyncio.create_subprocess_exec(
            program, target, *options, env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, told = await process.communicate()
        if process.returncode != 0:
            raise SnapshotError(refusal(Path(program).name, told.decode(errors="replace")))


def refusal(name: str, told: str) -> str:
    """What a program has told, in one line, and what to do where that is known."""
    text_told = "; ".join(told[-_ERROR_CHARACTERS:].strip().splitlines())
    if "version mismatch" in told:
        text_told += "; install PostgreSQL's client programs of that version, and let PATH find them first"
    return f"{name}: {text_told}"


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SnapshotError(
            f"{name} is not installed here: install PostgreSQL's client programs, "
            "or back up the database with the means of whoever runs it"
        )
    return found
