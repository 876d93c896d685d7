"""SQL over tokens: found by digest, listed, revoked."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from edgemeter import __version__
from edgemeter.wire.access import Identity, Role, TokenDocument
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.tables import projects, tokens
from edgemeter_server.database.metadata import Microseconds
from edgemeter_server.devices.tables import devices
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.instants import instant, instant_or_none


def in_force(now_us: int | ColumnElement[int]) -> ColumnElement[bool]:
    """A condition on `tokens`: neither revoked nor expired."""
    return and_(
        tokens.c.revoked_us.is_(None), or_(tokens.c.expires_us.is_(None), tokens.c.expires_us > now_us)
    )


# Made once: it is asked for every two seconds for each token in use.
_CALLER = select(tokens.c.id, tokens.c.name, tokens.c.role, tokens.c.project_id, tokens.c.device_id).where(
    tokens.c.digest == bindparam("presented", type_=tokens.c.digest.type),
    in_force(bindparam("now_us", type_=Microseconds())),
)


def caller_of(connection: Connection, digest: bytes, now_us: int) -> Caller | None:
    row = connection.execute(_CALLER, {"presented": digest, "now_us": now_us}).first()
    return None if row is None else Caller(row.id, row.name, Role(row.role), row.project_id, row.device_id)


def mark_used(connection: Connection, token_ids: Collection[int], now_us: int) -> None:
    connection.execute(update(tokens).where(tokens.c.id.in_(sorted(token_ids))).values(last_used_us=now_us))


def revoke(connection: Connection, token_id: int, now_us: int) -> bool:
    """False where it was revoked before: the first instant stays. Raises Refusal NOT_FOUND."""
    row = connection.execute(
        select(tokens.c.role, tokens.c.revoked_us).where(tokens.c.id == token_id)
    ).first()
    if row is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no token {token_id}")
    if row.revoked_us is not None:
        return False
    if row.role == Role.ADMIN and _admins(connection, now_us) <= {token_id}:
        raise Refusal(ProblemType.CONFLICT, "this is the last admin token: make another first")
    connection.execute(update(tokens).where(tokens.c.id == token_id).values(revoked_us=now_us))
    return True


def revoke_agents(connection: Connection, device_id: int, now_us: int) -> None:
    """Those of a device that is about to get another."""
    of_device = and_(tokens.c.device_id == device_id, tokens.c.revoked_us.is_(None))
    connection.execute(update(tokens).where(of_device).values(revoked_us=now_us))


def any_admin_ever(connection: Connection) -> bool:
    return bool(connection.execute(select(func.count()).where(tokens.c.role == Role.ADMIN)).scalar_one())


def document(connection: Connection, token_id: int) -> TokenDocument:
    row = connection.execute(_documents().where(tokens.c.id == token_id)).mappings().one()
    return TokenDocument.model_validate(_fields(row))


def documents(connection: Connection, before_id: int, limit: int) -> Sequence[TokenDocument]:
    """Newest first, the revoked among them."""
    rows = _documents().where(tokens.c.id < before_id).order_by(tokens.c.id.desc()).limit(limit)
    return [TokenDocument.model_validate(_fields(row)) for row in connection.execute(rows).mappings()]


def identity(connection: Connection, token_id: int) -> Identity:
    row = connection.execute(_documents().where(tokens.c.id == token_id)).mappings().one()
    return Identity.model_validate({**_fields(row), "server_version": __version__})


def _admins(connection: Connection, now_us: int) -> set[int]:
    rows = select(tokens.c.id).where(tokens.c.role == Role.ADMIN, in_force(now_us))
    return set(connection.execute(rows).scalars())


def _documents() -> Select[Any]:
    device = func.coalesce(devices.c.slug, tokens.c.device_slug).label("device")
    columns = select(tokens, projects.c.slug.label("project"), device)
    return columns.outerjoin(projects, projects.c.id == tokens.c.project_id).outerjoin(
        devices, devices.c.id == tokens.c.device_id
    )


def _fields(row: RowMapping) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "role": row["role"],
        "project": row["project"],
        "device": row["device"],
        "created_at": instant(row["created_us"]),
        "expires_at": instant_or_none(row["expires_us"]),
        "revoked_at": instant_or_none(row["revoked_us"]),
        "last_used_at": instant_or_none(row["last_used_us"]),
    }
