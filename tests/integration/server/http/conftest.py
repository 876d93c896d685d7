"""One database is enough for what no database decides."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgemeter_server.database.base import Database
from edgemeter_server.database.sqlite import SqliteDatabase


@pytest.fixture
async def database(sqlite_path: Path) -> AsyncIterator[Database]:
    opened = SqliteDatabase(sqlite_path)
    yield opened
    await opened.close()
