"""What fences a lease: a secret that the server can make again, so that none is stored."""

import base64
import hmac
from typing import Any, Protocol

from sqlalchemy import select

from edgemeter_server.database.tables import installation

#: A column for statements whose rows are a `Fenced`.
EPOCH = select(installation.c.epoch).scalar_subquery().label("epoch")
_PURPOSE = b"edgemeter lease\0"


class Fenced(Protocol):
    """An attempt's row, with the installation's `epoch`: a restore hands ids out again, but no secret."""

    @property
    def id(self) -> Any: ...
    @property
    def claim_id(self) -> Any: ...
    @property
    def epoch(self) -> Any: ...


def lease_secret(key: bytes, row: Fenced) -> str:
    """The same for the same claim, so that repeating it returns the same leases."""
    message = _PURPOSE + row.epoch.to_bytes(8) + row.id.to_bytes(8) + row.claim_id
    # By name: OpenSSL has it at hand, where a function of hashlib is looked up each time.
    digest = hmac.digest(key, message, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def opens(secret: str, key: bytes, row: Fenced) -> bool:
    """Whether `secret` is the attempt's, in constant time."""
    return hmac.compare_digest(secret.encode(), lease_secret(key, row).encode())
