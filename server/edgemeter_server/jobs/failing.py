"""What a failed attempt does to itself and to its job, in SQL, as the policy decides."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from edgemeter.measurement import FailureDocument
from edgemeter.wire.requests import JobState
from edgemeter_server.jobs.policy import Charge, Decision, Failed, Past, decide
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.jobs.topics import job_topic, target_topic
from edgemeter_server.jobs.transitions import AttemptEvent, AttemptState, JobEvent, attempt_after, job_after

MESSAGE_LIMIT = 2000


class Held(NamedTuple):
    """An attempt that is to end, with its job; both rows are locked."""

    attempt_id: int
    job_id: int
    device_id: int
    target_id: int
    state: AttemptState
    job_state: JobState


@dataclass(frozen=True, slots=True)
class Failing:
    """An attempt that ends by `failure`."""

    held: Held
    event: AttemptEvent
    failure: FailureDocument
    started: bool = True


def fail(connection: Connection, failing: Sequence[Failing], now_us: int) -> list[Decision]:
    """Ends attempts of open jobs as the policy decides, and says what it decided, in order."""
    if not failing:
        return []
    history = failures(connection, [each.held.job_id for each in failing])
    decisions = [_decision(each, history[each.held.job_id], now_us) for each in failing]
    pairs = list(zip(failing, decisions, strict=True))
    connection.execute(_END_ATTEMPT, [_attempt_values(*pair, now_us) for pair in pairs])
    tries = (_tries(*pair, history[pair[0].held.job_id]) for pair in pairs)
    connection.execute(
        _END_JOB, [_job_values(*pair, own, now_us) for pair, own in zip(pairs, tries, strict=True)]
    )
    return decisions


def failures(connection: Connection, job_ids: Iterable[int]) -> Mapping[int, Mapping[int, Past]]:
    """The failed attempts of jobs: by job id, then by attempt id."""
    columns = (attempts.c.job_id, attempts.c.id, attempts.c.device_id, attempts.c.charged, attempts.c.failure)
    ended = select(*columns).where(attempts.c.job_id.in_(set(job_ids)), attempts.c.failure.is_not(None))
    found: defaultdict[int, dict[int, Past]] = defaultdict(dict)
    for row in connection.execute(ended):
        kind = FailureDocument.model_validate_json(row.failure).kind
        found[row.job_id][row.id] = Past(kind, row.device_id, Charge(row.charged))
    return found


def topics(failing: Iterable[Failing], decisions: Iterable[Decision], now_us: int) -> tuple[str, ...]:
    """Those who wait for a job's end, or for a job that may be claimed at once."""
    woken = set()
    for each, decision in zip(failing, decisions, strict=True):
        if not decision.retry:
            woken.add(job_topic(each.held.job_id))
        elif decision.not_before_us <= now_us:
            woken.add(target_topic(each.held.target_id))
    return tuple(sorted(woken))


def text(failure: FailureDocument) -> str:
    """As it is stored: what an agent says at length is cut."""
    words = {
        name: value[:MESSAGE_LIMIT]
        for name, value in failure.model_dump(mode="json").items()
        if value is not None
    }
    return json.dumps(words)


def _decision(failing: Failing, history: Mapping[int, Past], now_us: int) -> Decision:
    failed = Failed(failing.failure.kind, failing.held.device_id, failing.started)
    return decide(_others(failing, history), failed, now_us)


def _others(failing: Failing, history: Mapping[int, Past]) -> list[Past]:
    # A late report replaces what was decided when the lease expired.
    return [past for attempt_id, past in history.items() if attempt_id != failing.held.attempt_id]


def _tries(failing: Failing, decision: Decision, history: Mapping[int, Past]) -> int:
    charges = [past.charged for past in _others(failing, history)]
    return [*charges, decision.charged].count(Charge.JOB)


# Each sets the columns that the parameters of its execution name.
_END_ATTEMPT = update(attempts).where(attempts.c.id == bindparam("attempt"))
_END_JOB = update(jobs).where(jobs.c.id == bindparam("job"))


def _attempt_values(failing: Failing, decision: Decision, now_us: int) -> dict[str, object]:
    return {
        "attempt": failing.held.attempt_id,
        "state": attempt_after(failing.held.state, failing.event),
        "ended_us": now_us,
        "charged": decision.charged,
        "failure": text(failing.failure),
    }


def _job_values(failing: Failing, decision: Decision, tries: int, now_us: int) -> dict[str, object]:
    event = JobEvent.RETRIED if decision.retry else JobEvent.FAILED
    return {
        "job": failing.held.job_id,
        "state": job_after(failing.held.job_state, event),
        "tries": tries,
        "not_before_us": decision.not_before_us,
        "ended_us": None if decision.retry else now_us,
        "failure": None if decision.retry else text(failing.failure),
    }
