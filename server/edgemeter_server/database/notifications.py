"""Wake-ups between server processes: LISTEN and NOTIFY on one connection that does nothing else."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import make_url

from edgemeter_server.database.wakeups import Wakeups

CHANNEL = "edgemeter"
_PAYLOAD_BYTES = 7900  #: PostgreSQL allows 8000
_RETRY_S = 1.0
_CONNECT_S = 5.0
_NOTIFY = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)

_log = logging.getLogger(__name__)


class PostgresWakeups(Wakeups):
    """This process's waiting calls are woken at once, those of others by way of the database.

    What is published while one notification is under way goes out together in the next. While the connection
    is lost, others are woken by nothing but their own second look.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._pending: set[str] = set()
        self._something = asyncio.Event()
        self.listening = asyncio.Event()  #: set while the connection is there
        self._task = asyncio.create_task(self._keep_connected(), name="edgemeter-wakeups")

    async def publish(self, topics: Iterable[str]) -> None:
        published = set(topics)
        self.wake(published)
        self._pending |= published
        self._something.set()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_connected(self) -> None:
        while True:
            try:
                await self._serve()
            except _LOST as error:
                _log.warning("wake-ups between servers are interrupted: %s", type(error).__name__)
            self.listening.clear()
            await asyncio.sleep(_RETRY_S)

    async def _serve(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=_CONNECT_S)
        try:
            connection.add_termination_listener(self._wake_sender)
            await connection.add_listener(CHANNEL, self._heard)
            self.listening.set()
            await self._send(connection)
        finally:
            connection.terminate()

    def _wake_sender(self, _connection: Any) -> None:
        self._something.set()

    def _heard(self, connection: Any, process: int, _channel: str, payload: object) -> None:
        if process != connection.get_server_pid():
            self.wake(str(payload).split("\n"))

    async def _send(self, connection: Any) -> None:
        while not connection.is_closed():
            await self._something.wait()
            self._something.clear()
            topics, self._pending = self._pending, set()
            if topics:
                await connection.execute(_NOTIFY, CHANNEL, list(_payloads(topics)))


def _payloads(topics: Iterable[str]) -> Iterator[str]:
    """Topics, one a line, in as few payloads as they fit."""
    lines: list[str] = []
    size = 0
    for topic in topics:
        if size + len(topic) + 1 > _PAYLOAD_BYTES:
            yield "\n".join(lines)
            lines, size = [], 0
        lines.append(topic)
        size += len(topic) + 1
    if lines:
        yield "\n".join(lines)
