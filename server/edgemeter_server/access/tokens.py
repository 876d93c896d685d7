"""Tokens: 256 random bits with a prefix that people and scanners recognise and a checksum.

    em_<43 url-safe characters: 32 random bytes><6: their CRC-32>

The checksum keeps typing errors and invented tokens away from the database; it proves nothing. The
database holds the SHA-256 only: so many random bits need no slow hash, and whoever looks up by that
hash learns nothing from the time it takes.
"""

import base64
import hashlib
import re
import secrets
import zlib

from sqlalchemy import Connection, insert

from edgemeter.wire.access import Role
from edgemeter_server.access.tables import tokens

PREFIX = "em_"
_WELL_FORMED = re.compile(r"em_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})")


def new_token() -> str:
    secret = secrets.token_urlsafe(32)
    return f"{PREFIX}{secret}{_checksum(secret)}"


def well_formed(token: str) -> bool:
    match = _WELL_FORMED.fullmatch(token)
    return match is not None and _checksum(match[1]) == match[2]


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def issue(
    connection: Connection,
    name: str,
    role: Role,
    *,
    project_id: int | None = None,
    device_id: int | None = None,
    device_slug: str | None = None,
    expires_us: int | None = None,
    now_us: int,
) -> tuple[int, str]:
    """The new token's id and its text, which is nowhere else: whoever asked must keep it."""
    token = new_token()
    token_id = store(
        connection,
        token,
        name,
        role,
        project_id=project_id,
        device_id=device_id,
        device_slug=device_slug,
        expires_us=expires_us,
        now_us=now_us,
    )
    return token_id, token


def store(
    connection: Connection, token: str, name: str, role: Role, *, now_us: int, **bounds: int | str | None
) -> int:
    """The id of a token whose text is kept already. `bounds` are columns of `tokens`."""
    row = insert(tokens).values(digest=digest(token), name=name, role=role.value, created_us=now_us, **bounds)
    return int(connection.execute(row.returning(tokens.c.id)).scalar_one())


def _checksum(secret: str) -> str:
    return base64.urlsafe_b64encode(zlib.crc32(secret.encode()).to_bytes(4, "big")).decode().rstrip("=")
