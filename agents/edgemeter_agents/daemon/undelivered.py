"""How many reports the server does not have yet."""

from dataclasses import dataclass

#: Beyond this many no new work is taken.
BACKLOG_MAX = 32


@dataclass(slots=True)
class Undelivered:
    """`keeping` are on their way into the outbox, `backlog` are in it."""

    backlog: int
    keeping: int = 0
    durable: bool = True  #: False: some are in memory alone, because the disk is full

    def __bool__(self) -> bool:
        return self.backlog > 0 or self.keeping > 0

    @property
    def too_many(self) -> bool:
        return self.backlog >= BACKLOG_MAX or not self.durable

    def kept(self, backlog: int, *, durable: bool) -> None:
        self.keeping -= 1
        self.backlog = backlog
        self.durable = self.durable and durable

    def delivered(self, backlog: int) -> None:
        self.backlog = backlog
        self.durable = self.durable or backlog == 0
