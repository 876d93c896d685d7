"""After a run with every kind of token, no token's text is in the database, in a log or in another answer."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from edgemeter.wire.access import Role
from edgemeter_server.access.first_admin import first_admin
from edgemeter_server.database.catalogue import metadata
from edgemeter_server.services import Services
from edgemeter_server.testing import issue_token


def _dump(connection: Connection) -> str:
    """Every value of every table."""
    rows = [connection.execute(select(table)).all() for table in metadata.sorted_tables]
    return repr(rows)


async def test_no_token_is_kept_or_told_twice(
    client_of, services: Services, sqlite_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    first = await first_admin(services)
    assert first is not None
    admin = await client_of(Role.ADMIN)
    secrets = {first.read_text().strip(), *(await _issued(admin))}
    enrolment = await issue_token(services, Role.ENROLMENT)
    client = await client_of(Role.VIEWER)
    enrolled = await client.post(
        "/v1/agent/enrol", json={"device": "board"}, headers={"authorization": f"Bearer {enrolment}"}
    )
    secrets |= {enrolment, enrolled.json()["token"]}
    told = [
        (await client.get("/v1/me", headers={"authorization": f"Bearer {secret}"})).text for secret in secrets
    ]
    told += [(await admin.get(path)).text for path in ("/v1/tokens", "/v1/audit", "/v1/projects", "/metrics")]

    dump = await services.database.read(_dump)
    raw = b"".join(path.read_bytes() for path in sqlite_path.parent.glob("edgemeter.db*"))
    for secret in secrets:
        assert secret not in caplog.text
        assert secret not in dump
        assert secret.encode() not in raw
        assert all(secret not in text for text in told)


async def _issued(admin) -> set[str]:
    messages = [
        {"name": "v", "role": "viewer", "project": "default"},
        {"name": "a", "role": "admin"},
        {"name": "e", "role": "enrolment", "device": "board-2"},
    ]
    return {(await admin.post("/v1/tokens", json=message)).json()["token"] for message in messages}
