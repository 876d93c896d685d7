"""The parent's side of a visit: starts the child, listens, and starts another when a job took it down."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from edgemeter.failures import EdgeMeterError, FailureError, FailureKind
from edgemeter.isolation import Achieved, Child, Confinement, EndedError, Limits, Nursery
from edgemeter_agents.visits.folders import private_jobs, take_exports
from edgemeter_agents.visits.messages import (
    MESSAGE,
    SPEC,
    Failed,
    Finished,
    Job,
    Message,
    Prepared,
    Result,
    Started,
    VisitSpec,
)

OnStarted = Callable[[str], None]
TASK = "edgemeter_agents.visits.child:visit"


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What one job may use. Preparing is limited too: an engine can be kept busy before the first run."""

    prepare_s: float = 60.0
    run_s: float = 300.0
    memory_bytes: int = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class VisitOutcome:
    """One result for each job of the spec, in the spec's order, and how its children were confined."""

    results: tuple[Result, ...]
    confinement: Achieved | None


class VisitError(EdgeMeterError):
    """A child ended before it touched any job: nothing that a job could be charged with."""


def run_visit(
    nursery: Nursery,
    spec: VisitSpec,
    confinement: Confinement,
    limits: JobLimits,
    on_started: OnStarted,
) -> VisitOutcome:
    """Runs every job of `spec`. A job that crashes, hangs or eats memory fails alone.

    After such an end a new child goes on with the next job. Raises VisitError where a child
    ends without having named a job.
    """
    results: list[Result] = []
    achieved: Achieved | None = None
    while len(results) < len(spec.jobs):
        rest = replace(spec, jobs=spec.jobs[len(results) :])
        with private_jobs(rest) as (moved, folder):
            payload = SPEC.dump_python(moved, mode="json")
            confined = replace(confinement, folder=folder)
            with nursery.start(TASK, payload, _child_limits(rest, limits), confined) as child:
                achieved = child.achieved
                results += _Conversation(child, rest.jobs, limits, on_started).results()
            take_exports(rest, moved)
    return VisitOutcome(tuple(results), achieved)


class _Conversation:
    """One child's words, each validated, until it has gone through its jobs or one took it down."""

    def __init__(self, child: Child, jobs: Sequence[Job], limits: JobLimits, on_started: OnStarted) -> None:
        self._child = child
        self._jobs = [job.id for job in jobs]
        self._limits = limits
        self._on_started = on_started
        self._started: bool = False
        self._patience_s = limits.prepare_s

    def results(self) -> Iterator[Result]:
        """At least one result, in the order of the jobs. The last may be the failure that ended the child."""
        for job in self._jobs:
            self._started = False
            try:
                yield self._result(job)
            except FailureError as end:
                self._child.kill()
                if not self._started:
                    raise VisitError(f"the measuring process did not start its job: {end}") from end
                yield Failed(job, end.failure)
                return

    def _result(self, job: str) -> Result:
        self._patience_s = self._limits.prepare_s
        while True:
            message = self._receive()
            if isinstance(message, Finished) or message.job != job:
                raise _garbled("spoke out of turn")
            if isinstance(message, Started):
                self._started = True
                self._on_started(job)
            elif isinstance(message, Prepared):
                self._patience_s = self._limits.run_s
            elif not self._started:
                raise _garbled("reported a job that it had not begun")
            else:
                return message

    def _receive(self) -> Message:
        try:
            message: Message = MESSAGE.validate_python(self._child.receive(self._patience_s))
        except TimeoutError:
            text = f"the network did not end within {self._patience_s:g} s"
            raise FailureError.of(FailureKind.TIMEOUT, text) from None
        except EndedError:
            failure = self._child.wait().failure("the network's process")
            raise FailureError(failure) if failure else _garbled("ended early") from None
        except ValidationError:
            raise _garbled("garbled its report") from None
        return message


def _garbled(what: str) -> FailureError:
    return FailureError.of(FailureKind.RUNTIME_ERROR, f"the network's process {what}")


def _child_limits(spec: VisitSpec, limits: JobLimits) -> Limits:
    # Each job's own time is watched by the conversation; these are for a child that escapes it.
    wall_s = len(spec.jobs) * (limits.prepare_s + limits.run_s)
    processors = max(spec.settings.threads, spec.streams)
    return Limits(wall_s=wall_s, cpu_s=wall_s * processors, memory_bytes=limits.memory_bytes)
