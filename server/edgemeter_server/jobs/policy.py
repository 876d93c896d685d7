"""What a failure means for its job: tried again or not, when, and who pays. One table, RULES.

Who pays is a matter of evidence. What the file itself causes is the job's. What may be the job's or the
device's counts against the job, until another device measures the same job: then the first device is struck
(`struck`). Where a second device fails as well, it was the job, and nothing is tried again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgemeter.failures import FailureKind

LONGEST_DELAY_S = 60.0


class Charge(StrEnum):
    """Who pays for a failed attempt: the job with one of its tries, the device with a strike."""

    JOB = "job"
    DEVICE = "device"
    NOBODY = "nobody"


class Blame(StrEnum):
    """Whose fault a kind of failure is."""

    JOB = "job"
    EITHER = "job or device"
    DEVICE = "device"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Rule:
    """At `tries` attempts with the same charge, the job fails; None: never for this.

    The next attempt waits `delay_s`, twice as long after each further one, at most LONGEST_DELAY_S.
    """

    blame: Blame
    tries: int | None
    delay_s: float = 0.0


RULES = {
    FailureKind.MALFORMED: Rule(Blame.JOB, 1),
    FailureKind.UNSUPPORTED_OP: Rule(Blame.JOB, 1),
    FailureKind.OUT_OF_MEMORY: Rule(Blame.EITHER, 2, 10.0),
    FailureKind.RUNTIME_ERROR: Rule(Blame.EITHER, 3, 5.0),
    FailureKind.TIMEOUT: Rule(Blame.EITHER, 2, 10.0),
    FailureKind.DEVICE_UNREADY: Rule(Blame.DEVICE, 10, 5.0),
    FailureKind.CONTENDED: Rule(Blame.NOBODY, 5, 5.0),
    # A network that kills its agent looks like this, and must not do so for ever.
    FailureKind.LEASE_EXPIRED: Rule(Blame.JOB, 3, 5.0),
    # Of a job that is still wanted: its agent gave it back.
    FailureKind.CANCELLED: Rule(Blame.NOBODY, None, 1.0),
    FailureKind.DEADLINE: Rule(Blame.NOBODY, 1),
    FailureKind.AGENT_SHUTDOWN: Rule(Blame.NOBODY, None, 1.0),
    FailureKind.INTERNAL: Rule(Blame.EITHER, 3, 5.0),
}


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier attempt of the job that failed."""

    kind: FailureKind
    device_id: int
    charged: Charge


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt that failed now. One that never `started` is charged to nobody."""

    kind: FailureKind
    device_id: int
    started: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """Without `retry` the job has failed."""

    retry: bool
    not_before_us: int
    charged: Charge


def decide(history: Sequence[Past], failed: Failed, now_us: int) -> Decision:
    """`history` holds the job's other attempts that failed, in any order."""
    rule, charged = RULES[failed.kind], _charge(failed)
    spent = 1 + sum(_counts_with(past, failed.kind, charged) for past in history)
    if rule.tries == 1 or (failed.started and _is_final(rule, spent, history, failed)):
        return Decision(False, now_us, charged)
    return Decision(True, now_us + _delay_us(rule, spent), charged)


def struck(history: Mapping[int, Past], device_id: int) -> frozenset[int]:
    """Those attempts of `history` that were their devices' fault, as `device_id` has now measured the job."""
    return frozenset(
        attempt_id
        for attempt_id, past in history.items()
        if _may_be_either(past) and past.device_id != device_id
    )


def _charge(failed: Failed) -> Charge:
    blame = RULES[failed.kind].blame
    if not failed.started or blame is Blame.NOBODY:
        return Charge.NOBODY
    return Charge.DEVICE if blame is Blame.DEVICE else Charge.JOB


def _counts_with(past: Past, kind: FailureKind, charged: Charge) -> bool:
    """A job's tries add up whatever the kind; what nobody pays for is counted kind by kind."""
    return past.charged is charged and (charged is not Charge.NOBODY or past.kind is kind)


def _is_final(rule: Rule, spent: int, history: Sequence[Past], failed: Failed) -> bool:
    elsewhere = any(_may_be_either(past) and past.device_id != failed.device_id for past in history)
    return (rule.blame is Blame.EITHER and elsewhere) or (rule.tries is not None and spent >= rule.tries)


def _may_be_either(past: Past) -> bool:
    return past.charged is Charge.JOB and RULES[past.kind].blame is Blame.EITHER


def _delay_us(rule: Rule, spent: int) -> int:
    doublings = min(spent - 1, 16)  # far beyond the longest delay
    return int(min(LONGEST_DELAY_S, rule.delay_s * 2**doublings) * 1_000_000)
