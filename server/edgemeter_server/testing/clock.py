"""A clock that stands still until it is told to go on."""

from sqlalchemy import Connection

START_US = 1_790_000_000_000_000  #: September 2026


class ManualClock:
    """A `Clock`; the same on every database, and for the caches that count seconds."""

    def __init__(self, start_us: int = START_US) -> None:
        self._now_us = start_us

    def now_us(self, connection: Connection) -> int:  # noqa: ARG002
        return self._now_us

    def monotonic_s(self) -> float:
        return self._now_us / 1e6

    def advance(self, seconds: float) -> None:
        self._now_us += round(seconds * 1e6)
