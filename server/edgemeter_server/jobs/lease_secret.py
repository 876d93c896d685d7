"""What fences a lease: a secret that the server can make again, so that none is stored."""

import base64
import hashlib
import hmac
from typing import Any, Protocol

from sqlalchemy import select

from edgemeter_server.database.tables import installation

#: A column for statements whose rows are a `Fenced`.
EPOCH = select(installation.c.epoch).scalar_subquery().label("epoch")
_PURPOSE = b"edgemeter lease\0"


class Fenced(Protocol):
    """An attempt's row, with the installation's `epoch`: a restore hands ids out again, but no secret."""

    id: Any
    claim_id: Any
    epoch: Any


def lease_secret(key: bytes, row: Fenced) -> str:
    """The same for the same claim, so that repeating it returns the same leases."""
    message = _PURPOSE + row.epoch.to_bytes(8) + row.id.to_bytes(8) + row.claim_id
    digest = hmac.digest(key, message, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def opens(secret: str, key: bytes, row: Fenced) -> bool:
    """Whether `secret` is the attempt's, in constant time."""
    return hmac.compare_digest(secret.encode(), lease_secret(key, row).encode())
