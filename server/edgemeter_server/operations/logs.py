"""Logs on stderr, as text for people or one JSON object a line for machines, ours and the libraries' alike.

Whoever works on a request, a job or an attempt binds its id (`structlog.contextvars.bind_contextvars`): every
line until the end of the request has it. No secret is ever handed to a logger.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.types import Processor

#: The clients' own lines would tell each address that is called.
_QUIET = ("httpx", "httpcore", "uvicorn.access", "alembic")


def configure(log_format: str) -> None:
    """For the whole process: the first thing that a command does."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[_without_colour_message, *_rendering(log_format)], foreign_pre_chain=shared
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _rendering(log_format: str) -> list[Processor]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if log_format == "json":
        return [remove, structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    return [remove, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _without_colour_message(_logger: Any, _method: str, event: structlog.typing.EventDict) -> Any:
    event.pop("color_message", None)  # uvicorn says the same again for terminals
    return event
