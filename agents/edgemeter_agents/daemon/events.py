"""What the agent's machine is told. Time is handed in beside each event."""

from dataclasses import dataclass
from enum import StrEnum

from edgemeter.failures import Failure, FailureKind
from edgemeter.wire.agents import Claimed, Measured, NotMeasured, Receipt, Renewed, SessionOpened


class Call(StrEnum):
    """The calls to the server. At most one of each is under way."""

    OPEN = "open"
    CLAIM = "claim"
    RENEW = "renew"
    REPORT = "report"
    CLOSE = "close"


class Trouble(StrEnum):
    """Why a call failed, as far as it decides what to do next."""

    AGAIN = "again"  #: no answer, or the server cannot now: the same again, later
    SESSION = "session"  #: the session is over: stop, forget, open another
    LOST = "lost"  #: none of the named leases is held: stop and forget
    REFUSED = "refused"  #: will not be accepted however often it is said
    FATAL = "fatal"  #: the token is not accepted, or the agent is too old: a person has to act


@dataclass(frozen=True, slots=True)
class Answered:
    """A call came back. `sent_s` is when it was sent: what lasts, lasts from then at least."""

    reply: SessionOpened | Claimed | Renewed | None
    call: Call
    sent_s: float


@dataclass(frozen=True, slots=True)
class CallFailed:
    call: Call
    trouble: Trouble
    detail: str
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Kept:
    """Reports were put into the outbox. `durable`: on disk; else the disk is full, and they are in memory."""

    backlog: int
    durable: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """The oldest report of the outbox has its receipts."""

    backlog: int
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Unprepared:
    """A lease's network is not here and will not come. Nothing was measured."""

    attempt_id: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class Prepared:
    """All networks that will come are here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    attempt_id: int
    outcome: Measured | NotMeasured


@dataclass(frozen=True, slots=True)
class Results:
    """What became of some of the attempts that are measured, with what they have in common."""

    seed: int
    provenance: dict[str, object]
    outcomes: tuple[Outcome, ...]

    def failure_kinds(self) -> tuple[FailureKind | None, ...]:
        return tuple(_failure_kind(found.outcome) for found in self.outcomes)


@dataclass(frozen=True, slots=True)
class WorkEnded:
    """Nothing is prepared or measured any more: all done, or stopped as asked, no process left."""


@dataclass(frozen=True, slots=True)
class Leave:
    """SIGTERM: give back or finish, and end. Told twice: at once."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = Answered | CallFailed | Kept | Delivered | Unprepared | Prepared | Results | WorkEnded | Leave | Tick


def _failure_kind(outcome: Measured | NotMeasured) -> FailureKind | None:
    failure = outcome.failure if isinstance(outcome, NotMeasured) else outcome.measurement.failure
    return None if failure is None else failure.kind
