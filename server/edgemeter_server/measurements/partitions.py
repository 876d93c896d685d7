"""The months of samples on PostgreSQL: made ahead of time, dropped whole once they are empty and old.

SQLite has no partitions, and nothing is done there.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, text

from edgemeter_server.instants import instant

PARENT: Final = "measurement_samples"
_MONTHS_AHEAD: Final = 2
_CHILDREN = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = CAST(:parent AS regclass) ORDER BY c.relname"
)
_STRAYS = text(
    f"SELECT EXISTS (SELECT FROM {PARENT}_default WHERE created_us >= :begin AND created_us < :end)"  # noqa: S608
)


def ensure_months(connection: Connection, now_us: int) -> None:
    """Partitions for this month and the next ones. A month that already has strays stays among them."""
    if connection.dialect.name != "postgresql":
        return
    there = set(_children(connection))
    for month in _months_from(now_us):
        begin, end = bounds_us(month)
        if _name(month) in there or connection.execute(_STRAYS, {"begin": begin, "end": end}).scalar():
            continue
        connection.execute(
            text(f"CREATE TABLE {_name(month)} PARTITION OF {PARENT} FOR VALUES FROM ({begin}) TO ({end})")
        )


def drop_months(connection: Connection, before_us: int) -> None:
    """Months that ended before this instant and of which retention has taken every row."""
    if connection.dialect.name != "postgresql":
        return
    for name in _children(connection):
        found = re.fullmatch(rf"{PARENT}_(\d{{4}})_(\d{{2}})", name)
        if found is None or bounds_us((int(found[1]), int(found[2])))[1] > before_us:
            continue
        if not connection.execute(text(f"SELECT EXISTS (SELECT FROM {name})")).scalar():  # noqa: S608
            connection.execute(text(f"DROP TABLE {name}"))


def bounds_us(month: tuple[int, int]) -> tuple[int, int]:
    """The first instant of a month and the first after it, in UTC."""
    return _microseconds(month), _microseconds(_next(month))


def _months_from(now_us: int) -> Iterator[tuple[int, int]]:
    now = instant(now_us)
    month = (now.year, now.month)
    for _ in range(_MONTHS_AHEAD + 1):
        yield month
        month = _next(month)


def _next(month: tuple[int, int]) -> tuple[int, int]:
    year, number = month
    return (year, number + 1) if number < 12 else (year + 1, 1)


def _microseconds(month: tuple[int, int]) -> int:
    return int(datetime(*month, 1, tzinfo=UTC).timestamp()) * 1_000_000


def _name(month: tuple[int, int]) -> str:
    return f"{PARENT}_{month[0]:04}_{month[1]:02}"


def _children(connection: Connection) -> list[str]:
    return list(connection.execute(_CHILDREN, {"parent": PARENT}).scalars())
