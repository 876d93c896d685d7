"""What time it is, injected everywhere so that tests and simulations decide it."""

import time
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Connection, text

#: Linux alone has one that counts what a machine sleeps.
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _since_boot_us() -> int:
    return time.clock_gettime_ns(_SINCE_BOOT) // 1000


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
    """PostgreSQL's clock: several servers need not agree on the time.

    It is asked every few seconds. In between a clock of this machine counts on, which nobody sets and which
    runs while the machine sleeps: the two part by less than the way to the database takes.
    """

    _NOW = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
    _GOOD_FOR_US = 5_000_000

    def __init__(self, counted_us: Callable[[], int] = _since_boot_us) -> None:
        self._counted_us = counted_us
        self._asked_us = 0
        self._ahead_us: int | None = None

    def now_us(self, connection: Connection) -> int:
        counted_us = self._counted_us()
        if self._ahead_us is None or counted_us - self._asked_us > self._GOOD_FOR_US:
            self._ahead_us = int(connection.execute(self._NOW).scalar_one()) - counted_us
            self._asked_us = counted_us
        return counted_us + self._ahead_us
