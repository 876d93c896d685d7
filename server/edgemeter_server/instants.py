"""Instants as the wire has them, from the microseconds that the database keeps."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(since_1970_us: int) -> datetime:
    """Exact: no float is between."""
    return _EPOCH + timedelta(microseconds=since_1970_us)


def instant_or_none(since_1970_us: int | None) -> datetime | None:
    return None if since_1970_us is None else instant(since_1970_us)
