"""Long polls wait here, holding no connection, thread or transaction."""

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager


class Wakeups(ABC):
    """Tells waiting calls, in all server processes, that something of a topic has changed.

    A topic is a short word such as "target:7" or "job:12". A call may be woken for nothing, and a
    wake-up may be lost with its process, so whoever waits looks again on its own account every second or so.
    """

    def __init__(self) -> None:
        # In the order of coming, so that who waits longest is woken first.
        self._events: defaultdict[str, dict[asyncio.Event, None]] = defaultdict(dict)
        self._ended = False

    @property
    def ended(self) -> bool:
        """The server is stopping: whoever would wait answers at once with what there is."""
        return self._ended

    def end(self) -> None:
        """Wakes everybody for the last time."""
        self._ended = True
        self.wake(tuple(self._events))

    @abstractmethod
    async def publish(self, topics: Iterable[str]) -> None:
        """Wakes those who listen, here and in other processes. Call it after the commit."""

    @asynccontextmanager
    async def listen(self, topics: Iterable[str]) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each wake-up of one of `topics`. Listen first, then look, then wait."""
        event, wanted = asyncio.Event(), tuple(topics)
        if self._ended:
            event.set()
        for topic in wanted:
            self._events[topic][event] = None
        try:
            yield event
        finally:
            for topic in wanted:
                self._events[topic].pop(event, None)
                if not self._events[topic]:
                    del self._events[topic]

    def wake(self, topics: Iterable[str]) -> None:
        """Sets the events of this process."""
        for topic in topics:
            for event in tuple(self._events.get(topic, ())):
                event.set()


class LocalWakeups(Wakeups):
    """One server process, as with SQLite."""

    async def publish(self, topics: Iterable[str]) -> None:
        self.wake(topics)
