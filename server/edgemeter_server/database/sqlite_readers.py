"""A few threads that read, each on a connection of its own that cannot write."""

import threading
from collections.abc import Sequence
from queue import SimpleQueue

from edgemeter_server.database.sqlite_connection import SqliteConnection
from edgemeter_server.database.units import Outcome, Unit, tell


class SqliteReaders:
    """Each unit sees a snapshot that holds whatever was committed before it began."""

    def __init__(self, connections: Sequence[SqliteConnection]) -> None:
        self._waiting: SimpleQueue[Unit | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, args=(connection,), name="edgemeter-reader", daemon=True)
            for connection in connections
        ]
        for thread in self._threads:
            thread.start()

    def put(self, unit: Unit) -> None:
        self._waiting.put(unit)

    def finish(self) -> None:
        """Returns when all units put before are done and the connections are closed."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self, connection: SqliteConnection) -> None:
        while (unit := self._waiting.get()) is not None:
            if not unit.future.cancelled():
                tell([_look(connection, unit)])
        connection.close()


def _look(connection: SqliteConnection, unit: Unit) -> Outcome:
    try:
        return Outcome(unit, connection.look(unit.work))
    except BaseException as error:  # noqa: BLE001  # the thread outlives whatever a unit raises
        return Outcome(unit, error=error)
