"""The one thread that writes: units of work that wait together share one synchronous commit."""

import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from edgemeter_server.database.base import UnavailableError
from edgemeter_server.database.sqlite_connection import SqliteConnection
from edgemeter_server.database.units import Outcome, Unit, tell

MOST_UNITS = 256
#: A commit takes in no more units once this has passed: the first of them waits for the last.
LONGEST_S = 0.03


class SqliteWriter:
    """Runs units in the order in which they came, and tells their outcomes after the commit only.

    A synchronous commit costs milliseconds, a small unit a tenth of one. While one commit waits for the
    disk, units gather for the next, so that the load itself decides how many share one.
    """

    def __init__(self, connection: SqliteConnection) -> None:
        self.commits = 0  #: synchronous ones so far
        self.units = 0  #: so far, those that failed among them
        self._connection = connection
        self._waiting: SimpleQueue[Unit | None] = SimpleQueue()
        self._last = False
        self._thread = threading.Thread(target=self._run, name="edgemeter-writer", daemon=True)
        self._thread.start()

    def put(self, unit: Unit) -> None:
        self._waiting.put(unit)

    def finish(self) -> None:
        """Returns when all units put before are done and the connection is closed."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._last:
            first = self._waiting.get()
            if first is None:
                break
            tell(self._transaction(first))
        self._connection.close()

    def _transaction(self, first: Unit) -> Sequence[Outcome]:
        try:
            self._connection.begin()
        except UnavailableError as error:
            return [Outcome(first, error=error)]
        outcomes = self._attempt_waiting(first)
        self.units += len(outcomes)
        if not self._connection.in_transaction:
            # SQLite gave the whole transaction up for what the last unit met.
            return _all_lost(outcomes, outcomes[-1].error)
        try:
            self._connection.commit()
        except Exception as error:  # noqa: BLE001  # told to everyone whose unit is lost with it
            return _all_lost(outcomes, error)
        self.commits += 1
        return outcomes

    def _attempt_waiting(self, first: Unit) -> list[Outcome]:
        outcomes = [self._attempt(first)]
        until_s = time.monotonic() + LONGEST_S
        while len(outcomes) < MOST_UNITS and time.monotonic() < until_s and self._connection.in_transaction:
            try:
                unit = self._waiting.get_nowait()
            except Empty:
                break
            if unit is None:
                self._last = True
                break
            if not unit.future.cancelled():
                outcomes.append(self._attempt(unit))
        return outcomes

    def _attempt(self, unit: Unit) -> Outcome:
        try:
            return Outcome(unit, self._connection.attempt(unit.work))
        except BaseException as error:  # noqa: BLE001  # the thread outlives whatever a unit raises
            return Outcome(unit, error=error)


def _all_lost(outcomes: Sequence[Outcome], error: BaseException | None) -> Sequence[Outcome]:
    """Nothing of the transaction is kept; a unit that failed on its own account says why."""
    return [
        outcome if outcome.error is not None else Outcome(outcome.unit, error=error) for outcome in outcomes
    ]
