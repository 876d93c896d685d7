"""What a training worker needs of the service: much less than a server has."""

from typing import Protocol

from edgemeter_server.clock import Clock
from edgemeter_server.database.base import Database
from edgemeter_server.database.wakeups import Wakeups


class Workplace(Protocol):
    """`Services` is one, and so is an opened database alone: a worker has no key, no storage and no token."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def wakeups(self) -> Wakeups: ...
