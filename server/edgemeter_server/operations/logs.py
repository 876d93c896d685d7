"""Logs on stderr, as text for people or one JSON object a line for machines, ours and the libraries' alike.

Whoever works on jobs or attempts binds their ids (`structlog.contextvars.bind_contextvars`): every line until
the end of the request has them. No secret is ever handed to a logger, and tracebacks show no variables.
"""

import json
import logging
import re
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

#: Their lines would tell each address that is called, or repeat ours.
_QUIET: Final = ("httpx", "httpcore", "uvicorn.access", "alembic")
_PLAIN: Final = re.compile(r"[\w.:/{}@+-]+", re.ASCII)


def configure(log_format: str) -> None:
    """For the whole process, once."""
    render: Processor = structlog.processors.JSONRenderer() if log_format == "json" else as_text
    shared: tuple[Processor, ...] = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    )
    # Ours go straight to stderr: a line for each request must cost little.
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_colours, render],
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def as_text(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """`instant level event key=value ...`, and a traceback below, indented. No value begins a line."""
    trace = str(event.pop("exception", ""))
    words = [str(event.pop("timestamp", "")), str(event.pop("level", "")), _word(event.pop("event", ""))]
    words += [f"{name}={_value(value)}" for name, value in event.items()]
    return " ".join(words) + "".join(f"\n    {_word(line)}" for line in trace.splitlines())


def _word(text: object) -> str:
    """Control characters, escaped as in JSON."""
    if isinstance(text, str) and text.isascii() and text.isprintable():
        return text
    return json.dumps(str(text), ensure_ascii=True)[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _value(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # uvicorn says the same again for terminals
    return event
