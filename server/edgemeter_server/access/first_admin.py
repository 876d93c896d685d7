"""What is there from the first start: a project, and a token to make others with."""

import os
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from edgemeter.wire.access import Role
from edgemeter_server.access import audit, projects, repository, tokens
from edgemeter_server.services import Services

FILE = "admin-token"


async def first_admin(services: Services) -> Path | None:
    """Makes the project `default`, and the first admin's token in a file that only its owner can read.

    None where there has ever been an admin: the file may have been deleted since, and should be. The
    text is on disk before the database knows of it, so no crash leaves a token that nobody has.
    """
    if await services.database.read(repository.any_admin_ever):
        return None
    token = tokens.new_token()
    path = services.settings.data_folder / FILE
    _write_private(path, token)
    if await services.database.write(partial(_begin, services, token)):
        return path
    path.unlink(missing_ok=True)
    return None


def _begin(services: Services, token: str, connection: Connection) -> bool:
    """False where another server of this database was first."""
    now_us = services.clock.now_us(connection)
    projects.ensure_default(connection, now_us)
    if repository.any_admin_ever(connection):
        return False
    token_id = tokens.store(connection, token, "first admin", Role.ADMIN, now_us=now_us)
    audit.record(connection, now_us, "token.issued", {"token": token_id, "role": Role.ADMIN.value})
    return True


def _write_private(path: Path, token: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
