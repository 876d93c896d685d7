"""Who did what to devices, tokens, projects and data. Rows are added and never changed."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, RowMapping, insert, select

from edgemeter.wire.access import AuditEntry
from edgemeter_server.access.tables import audit
from edgemeter_server.devices.tables import devices
from edgemeter_server.instants import instant


def record(
    connection: Connection,
    now_us: int,
    action: str,
    detail: Mapping[str, object],
    *,
    token_id: int | None = None,
    device_id: int | None = None,
) -> None:
    """`action` reads like "token.revoked"; `detail` holds no secret. Call it in the unit that it tells of."""
    text = json.dumps(detail, sort_keys=True, separators=(",", ":"))
    row = insert(audit).values(
        at_us=now_us, token_id=token_id, device_id=device_id, action=action, detail=text
    )
    connection.execute(row)


def entries(connection: Connection, before_id: int, limit: int) -> Sequence[AuditEntry]:
    """Newest first."""
    rows = (
        select(audit, devices.c.slug.label("device"))
        .outerjoin(devices, devices.c.id == audit.c.device_id)
        .where(audit.c.id < before_id)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [_entry(row) for row in connection.execute(rows).mappings()]


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(
        id=row["id"],
        at=instant(row["at_us"]),
        token_id=row["token_id"],
        device=row["device"],
        action=row["action"],
        detail=json.loads(row["detail"]),
    )
