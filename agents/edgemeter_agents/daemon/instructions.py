"""What the agent's machine wants done. Each call and each work is answered by an event."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from edgemeter.wire.agents import AttemptReport, Held, Lease


@dataclass(frozen=True, slots=True)
class OpenSession:
    opening_id: UUID


@dataclass(frozen=True, slots=True)
class Claim:
    session_id: int
    claim_id: UUID
    up_to: int
    wait_s: float


@dataclass(frozen=True, slots=True)
class AbortClaim:
    """The claim under way is not waited for any longer; it is answered as failed."""


@dataclass(frozen=True, slots=True)
class Renew:
    session_id: int
    leases: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Prepare:
    """Bring the networks of these leases here. Answered by `Unprepared` and one `Prepared`."""

    leases: tuple[Lease, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """Answered by `Results` and one `WorkEnded`."""

    leases: tuple[Lease, ...]


@dataclass(frozen=True, slots=True)
class StopWork:
    """End preparing or measuring at once. Answered by `WorkEnded`."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Put reports into the outbox. Answered by `Kept`."""

    seed: int
    provenance: dict[str, object]
    reports: tuple[AttemptReport, ...]


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send the oldest report of the outbox. Answered by `Delivered`, or by `CallFailed` of `Call.REPORT`."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """The oldest report will never be accepted: keep it out of the way. Answered by `Delivered`."""

    detail: str


@dataclass(frozen=True, slots=True)
class CloseSession:
    session_id: int


class Ending(StrEnum):
    """Every lease ends in exactly one of these."""

    KEPT = "kept"  #: its report is in the outbox
    GIVEN_BACK = "given back"  #: the same, and the report says so
    FORGOTTEN = "forgotten"  #: not ours any more


@dataclass(frozen=True, slots=True)
class LeaseEnded:
    """For the log."""

    attempt_id: int
    ending: Ending
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """For the log: what people should know."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The agent ends. `failed`: a person has to act, and `reason` says how."""

    reason: str
    failed: bool = False


Instruction = (
    OpenSession
    | Claim
    | AbortClaim
    | Renew
    | Prepare
    | Measure
    | StopWork
    | Keep
    | Deliver
    | SetAside
    | CloseSession
    | LeaseEnded
    | Note
    | End
)
