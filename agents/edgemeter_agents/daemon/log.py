"""The daemon's log: one line for each event on standard error, for people or as JSON."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_LOGGER = logging.getLogger("edgemeter.agent")


def set_up(*, as_json: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else _Text())
    _LOGGER.handlers = [handler]
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False


def log(event: str, *, level: int = logging.INFO, **facts: Any) -> None:
    """`event` is the same for the same kind of thing; what differs is in `facts`."""
    _LOGGER.log(level, event, extra={"facts": facts})


def warn(event: str, **facts: Any) -> None:
    log(event, level=logging.WARNING, **facts)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        return json.dumps(
            {"at": _at(record), "level": record.levelname.lower(), "event": record.msg, **facts}
        )


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        # Escaped as JSON does: names and messages of others must not draw in a terminal.
        told = " ".join(f"{name}={json.dumps(value)}" for name, value in facts.items())
        mark = "" if record.levelno < logging.WARNING else f" {record.levelname.lower()}:"
        return f"{_at(record)}{mark} {record.msg} {told}".rstrip()


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
