"""The leases of one batch, and how long each may still be trusted."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from edgemeter.failures import Failure, FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter.wire.agents import AttemptReport, Held, Lease, Measured, NotMeasured


@dataclass(frozen=True, slots=True)
class HeldLease:
    """`until_s` is early, never late: it counts from when we asked, not from when the server answered."""

    lease: Lease
    until_s: float

    def report(self, outcome: Measured | NotMeasured) -> AttemptReport:
        return AttemptReport(attempt_id=self.lease.attempt_id, secret=self.lease.secret, outcome=outcome)


@dataclass(slots=True)
class Holding:
    """Those that have not ended, by attempt."""

    by_id: dict[int, HeldLease] = field(default_factory=dict)

    def take(self, leases: Iterable[Lease], until_s: float) -> None:
        self.by_id = {lease.attempt_id: HeldLease(lease, until_s) for lease in leases}

    def extend(self, attempt_id: int, until_s: float) -> None:
        if attempt_id in self.by_id:
            self.by_id[attempt_id] = HeldLease(self.by_id[attempt_id].lease, until_s)

    def run_out(self, before_s: float) -> list[int]:
        return [id_ for id_, held in self.by_id.items() if held.until_s <= before_s]

    def named(self) -> tuple[Held, ...]:
        return tuple(
            Held(attempt_id=id_, secret=held.lease.secret) for id_, held in sorted(self.by_id.items())
        )


def not_measured(failure: Failure, *, started: bool) -> NotMeasured:
    document = FailureDocument(
        kind=failure.kind,
        message=failure.message,
        operator_name=failure.operator_name,
        operator_type=failure.operator_type,
    )
    return NotMeasured(failure=document, started=started)


def disagreement(lease: Lease) -> Failure | None:
    """Whether this agent would measure otherwise than the server means it."""
    try:
        if lease.spec.measuring_protocol().digest() == lease.protocol_digest:
            return None
    except ValueError as error:
        return Failure(FailureKind.INTERNAL, f"agent and server disagree on the protocol ({error}); upgrade")
    return Failure(
        FailureKind.INTERNAL,
        "agent and server disagree on the protocol: upgrade the older one, or ask anew if it was asked for"
        " before both were upgraded",
    )
