"""A database whose disk is full: calls are refused whole, to be made again, until there is space."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from edgemeter_server.database.base import Database
from edgemeter_server.database.sqlite import SqliteDatabase
from edgemeter_server.services import Services

from .conftest import Lab

_MOST_PAGES = 1 << 30


@pytest.fixture
def open_database(sqlite_path: Path) -> Callable[[], Database]:
    """PostgreSQL's disk is tested by its own errors: see the tests of the database."""
    return partial(SqliteDatabase, sqlite_path)


async def limit(services: Services, pages: int | None) -> None:
    """The file may not grow beyond `pages`, as on a full disk; None: beyond what it has now."""

    def work(connection: Connection) -> None:
        now = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={now if pages is None else pages}")

    await services.database.write(work)


def refused(answer: httpx.Response) -> bool:
    told: dict[str, Any] = answer.json()
    return (
        answer.status_code == 507
        and told["type"] == "/problems/storage-full"
        and int(answer.headers["retry-after"]) > 0
    )


async def test_it_is_told_leaves_nothing_and_is_got_over(lab: Lab, services: Services) -> None:
    many = [lab.item(digest, label="x" * 200) for digest in await lab.networks(500)]
    agent = await lab.agent()
    [document] = await lab.requested(many[0])
    [lease] = await agent.claim()

    await limit(services, None)
    assert refused(await lab.submit(*many, **{"Idempotency-Key": "many"}))
    listed = (await lab.submitter.get("/v1/requests")).json()["items"]
    assert [row["id"] for row in listed] == [document["id"]], "reading goes on, and nothing of it was kept"
    assert await agent.renewed([lease]) == ["renewed"], "what needs no space goes on"

    await limit(services, _MOST_PAGES)
    assert (await lab.submit(*many, **{"Idempotency-Key": "many"})).status_code == 201
    [receipt] = await agent.report((lease, lab.measured(lease)))
    assert receipt["state"] == "accepted"
