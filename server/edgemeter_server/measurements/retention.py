"""Old samples become quantiles; every document goes on reading, its statistics untouched.

The oldest samples are always at the front of their table, so that a look at its first rows tells whether
there is anything to do. Small batches, each a transaction of its own: nobody waits for long, and a crash
between two of them loses nothing.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from edgemeter.measurement import VisitDocument
from edgemeter_server.measurements import samples
from edgemeter_server.measurements.partitions import drop_months, ensure_months
from edgemeter_server.measurements.tables import measurement_quantiles, measurement_samples
from edgemeter_server.services import Services

DAY_US: Final = 86_400 * 1_000_000
BATCH: Final = 16
_PARTS: Final = 10  #: a visit keeps its samples at every tenth of its wall times, and the two ends


async def run(services: Services) -> int:
    """Thins all samples older than `keep_samples_days`; returns how many measurements had some.

    Call it when the service starts and every day: it also makes room for the months to come.
    """
    await services.database.write(lambda c: ensure_months(c, services.clock.now_us(c)))
    total = 0
    while thinned := await services.database.write(lambda c: _thin_batch(c, _cutoff_us(services, c))):
        total += thinned
    await services.database.write(lambda c: drop_months(c, _cutoff_us(services, c)))
    return total


def thin(visit: VisitDocument) -> VisitDocument:
    """Some of the visit's own samples, by rising wall time: minimum, deciles, maximum. No warm-up."""
    last = len(visit.wall_ns) - 1
    order = sorted(range(last + 1), key=lambda at: visit.wall_ns[at])
    kept = (
        [order[rank] for rank in sorted({last * part // _PARTS for part in range(_PARTS + 1)})]
        if order
        else []
    )
    return visit.model_copy(
        update={
            "wall_ns": tuple(visit.wall_ns[at] for at in kept),
            "cpu_ns": tuple(visit.cpu_ns[at] for at in kept if at < len(visit.cpu_ns)),
            "delay_ns": tuple(visit.delay_ns[at] for at in kept if at < len(visit.delay_ns)),
            "warmup_wall_ns": (),
        }
    )


def _cutoff_us(services: Services, connection: Connection) -> int:
    return services.clock.now_us(connection) - services.settings.keep_samples_days * DAY_US


def _thin_batch(connection: Connection, cutoff_us: int) -> int:
    oldest = select(measurement_samples).order_by(measurement_samples.c.measurement_id).limit(BATCH)
    rows = connection.execute(oldest.with_for_update(skip_locked=True)).all()
    old = [row for row in rows if row.created_us < cutoff_us]
    if old:
        connection.execute(insert(measurement_quantiles), [_quantiles(row) for row in old])
        _forget(connection, old)
    return len(old)


def _quantiles(row: Row[Any]) -> dict[str, Any]:
    visits, numbers = samples.decode(row.content)
    content = samples.encode([thin(visit) for visit in visits], numbers)
    return {"measurement_id": row.measurement_id, "content": content}


def _forget(connection: Connection, old: Sequence[Row[Any]]) -> None:
    connection.execute(
        delete(measurement_samples).where(
            measurement_samples.c.measurement_id.in_([row.measurement_id for row in old]),
            # Tells PostgreSQL which months to look at.
            measurement_samples.c.created_us.between(
                min(row.created_us for row in old), max(row.created_us for row in old)
            ),
        )
    )
