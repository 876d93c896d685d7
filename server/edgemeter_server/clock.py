"""What time it is, injected everywhere so that tests and simulations decide it."""

import time
from typing import Protocol

from sqlalchemy import Connection, text


class Clock(Protocol):
    """Microseconds since 1970, UTC."""

    def now_us(self, connection: Connection) -> int:
        """The time that leases, expiry and back-off go by: the database's, one for all servers."""
        ...


class SystemClock:
    """This process's clock: right where one process is all that uses the database, as with SQLite."""

    def now_us(self, connection: Connection) -> int:  # noqa: ARG002  # the contract of a Clock
        return time.time_ns() // 1000


class DatabaseClock:
    """PostgreSQL's clock: several servers need not agree on the time."""

    _NOW = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")

    def now_us(self, connection: Connection) -> int:
        return int(connection.execute(self._NOW).scalar_one())
