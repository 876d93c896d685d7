"""The states of jobs and attempts, and what leads from one to the other. Pure; see docs/leases.md.

A job is open (pending, running) or closed for good. It is running exactly while one attempt of it is live.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from edgemeter.wire.requests import JobState


class AttemptState(StrEnum):
    LIVE = "live"  #: an agent holds its lease
    REPORTED = "reported"  #: its report decided on the job
    EXPIRED = "expired"  #: its lease ran out, or another session of the device took over
    RELEASED = "released"  #: given back, or stopped because nobody wants the job any more
    SUPERSEDED = "superseded"  #: its report came when another attempt counted, or the job was closed


class JobEvent(StrEnum):
    CLAIMED = "claimed"
    MEASURED = "measured"
    RETRIED = "retried"  #: an attempt failed, and the policy allows another
    FAILED = "failed"
    CANCELLED = "cancelled"  #: by the last request that wanted it


class AttemptEvent(StrEnum):
    REPORTED = "reported"
    OVERTAKEN = "overtaken"  #: reported too late to count
    EXPIRED = "expired"
    RELEASED = "released"


class TransitionError(Exception):
    """A defect: this may not happen in that state."""


OPEN = frozenset({JobState.PENDING, JobState.RUNNING})

JOB: Mapping[tuple[JobState, JobEvent], JobState] = MappingProxyType(
    {
        (JobState.PENDING, JobEvent.CLAIMED): JobState.RUNNING,
        # While pending: the report of a lease that had expired, or the deadline.
        (JobState.PENDING, JobEvent.MEASURED): JobState.DONE,
        (JobState.PENDING, JobEvent.RETRIED): JobState.PENDING,
        (JobState.PENDING, JobEvent.FAILED): JobState.FAILED,
        (JobState.PENDING, JobEvent.CANCELLED): JobState.CANCELLED,
        (JobState.RUNNING, JobEvent.MEASURED): JobState.DONE,
        (JobState.RUNNING, JobEvent.RETRIED): JobState.PENDING,
        (JobState.RUNNING, JobEvent.FAILED): JobState.FAILED,
        (JobState.RUNNING, JobEvent.CANCELLED): JobState.CANCELLED,
    }
)

ATTEMPT: Mapping[tuple[AttemptState, AttemptEvent], AttemptState] = MappingProxyType(
    {
        (AttemptState.LIVE, AttemptEvent.REPORTED): AttemptState.REPORTED,
        (AttemptState.LIVE, AttemptEvent.OVERTAKEN): AttemptState.SUPERSEDED,
        (AttemptState.LIVE, AttemptEvent.EXPIRED): AttemptState.EXPIRED,
        (AttemptState.LIVE, AttemptEvent.RELEASED): AttemptState.RELEASED,
        (AttemptState.EXPIRED, AttemptEvent.REPORTED): AttemptState.REPORTED,
        (AttemptState.EXPIRED, AttemptEvent.OVERTAKEN): AttemptState.SUPERSEDED,
        (AttemptState.RELEASED, AttemptEvent.REPORTED): AttemptState.REPORTED,
        (AttemptState.RELEASED, AttemptEvent.OVERTAKEN): AttemptState.SUPERSEDED,
    }
)


def job_after(state: JobState, event: JobEvent) -> JobState:
    if (state, event) not in JOB:
        raise TransitionError(f"a {state} job cannot be {event}")
    return JOB[state, event]


def attempt_after(state: AttemptState, event: AttemptEvent) -> AttemptState:
    if (state, event) not in ATTEMPT:
        raise TransitionError(f"a {state} attempt cannot be {event}")
    return ATTEMPT[state, event]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an attempt stands: `number` of `newest` attempts of its job, its time `over` or not."""

    attempt: AttemptState
    job: JobState
    number: int
    newest: int
    over: bool


class OnReport(StrEnum):
    COUNTS = "counts"
    OVERTAKEN = "overtaken"
    REPEATED = "repeated"


def on_report(standing: Standing) -> OnReport:
    """A late report counts as long as nothing newer has begun and the job is open: its work is not lost."""
    if standing.attempt in (AttemptState.REPORTED, AttemptState.SUPERSEDED):
        return OnReport.REPEATED
    counts = standing.job in OPEN and standing.number == standing.newest
    return OnReport.COUNTS if counts else OnReport.OVERTAKEN


def on_renewal(standing: Standing) -> Literal["renewed", "cancelled", "lost"]:
    """A lease that ran out is not renewed, even where nobody has noticed yet."""
    stoppable = standing.attempt in (AttemptState.LIVE, AttemptState.RELEASED)
    if stoppable and standing.job is JobState.CANCELLED:
        return "cancelled"
    held = standing.attempt is AttemptState.LIVE and standing.job is JobState.RUNNING and not standing.over
    return "renewed" if held else "lost"
