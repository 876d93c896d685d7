"""The one batch of leases that the agent holds: what is done with it, and how each lease ends."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from edgemeter.failures import Failure, FailureKind
from edgemeter.wire.agents import Lease, NotMeasured, Renewed
from edgemeter_agents.daemon import events, instructions
from edgemeter_agents.daemon.held import Holding, disagreement, not_measured
from edgemeter_agents.daemon.instructions import Ending, Instruction

_VANISHED = Failure(FailureKind.INTERNAL, "the measuring ended without a word on this network")
_SHUTDOWN = Failure(FailureKind.AGENT_SHUTDOWN, "the agent was shut down")


class Work(StrEnum):
    NONE = "none"
    PREPARING = "preparing"
    PREPARED = "prepared"  #: a renewal has yet to tell whether the leases are still held
    MEASURING = "measuring"
    ENDING = "ending"  #: every result is here, the worker is about to say so
    STOPPING = "stopping"


class Batch:
    """Every lease that is taken ends once. `do` is told what is to be done."""

    def __init__(self, do: Callable[[Instruction], None]) -> None:
        self._do = do
        self.work = Work.NONE
        self.holding = Holding()
        self.renewed_s = 0.0
        self.lease_s = 0.0
        self._expected: set[int] = set()  #: attempts whose results are still to come, forgotten or not

    @property
    def idle(self) -> bool:
        return self.work is Work.NONE and not self.holding.by_id

    def take(self, leases: Iterable[Lease], sent_s: float, lease_s: float) -> None:
        self.renewed_s, self.lease_s = sent_s, lease_s
        self.holding.take(leases, sent_s + lease_s)
        for attempt_id, held in tuple(self.holding.by_id.items()):
            if (failure := disagreement(held.lease)) is not None:
                self.fail(attempt_id, failure, started=True)
        if self.holding.by_id:
            self.work = Work.PREPARING
            self._do(instructions.Prepare(tuple(held.lease for held in self.holding.by_id.values())))

    def renewed(self, reply: Renewed, sent_s: float) -> None:
        self.renewed_s = sent_s
        for renewal in reply.leases:
            if renewal.state == "renewed":
                self.holding.extend(renewal.attempt_id, sent_s + reply.lease_s)
            else:
                self.forget([renewal.attempt_id], renewal.state)

    def prepared(self) -> None:
        self.work = Work.PREPARED if self.work is Work.PREPARING else Work.NONE

    def work_ended(self) -> None:
        self.work = Work.NONE
        for attempt_id in tuple(self.holding.by_id):
            self.fail(attempt_id, _VANISHED, started=True)

    def results(self, results: events.Results) -> None:
        """What is told of leases that were forgotten meanwhile is dropped."""
        reports = []
        for found in results.outcomes:
            self._expected.discard(found.attempt_id)
            if (held := self.holding.by_id.pop(found.attempt_id, None)) is not None:
                reports.append(held.report(found.outcome))
                self._do(instructions.LeaseEnded(found.attempt_id, Ending.KEPT, found.outcome.result))
        if reports:
            self._do(instructions.Keep(results.seed, results.provenance, tuple(reports)))
        if self.work is Work.MEASURING and not self._expected:
            self.work = Work.ENDING

    def watch(self, now_s: float) -> None:
        """Forgets what may have run out, and stops what nobody is waiting for.

        Before measuring a renewal may still tell that a lease is held; while measuring nothing is assumed.
        """
        measuring = self.work is Work.MEASURING
        self.forget(self.holding.run_out(now_s if measuring else now_s - self.lease_s), "it may have run out")
        if not self.holding.by_id:
            self.stop()

    def stop(self) -> None:
        if self.work in (Work.PREPARING, Work.MEASURING):
            self.work = Work.STOPPING
            self._do(instructions.StopWork())
        elif self.work is Work.PREPARED:
            self.work = Work.NONE

    def measure(self, now_s: float) -> None:
        if self.work is Work.PREPARED and self.holding.by_id and not self.holding.run_out(now_s):
            self.work = Work.MEASURING
            self._expected = set(self.holding.by_id)
            self._do(instructions.Measure(tuple(held.lease for held in self.holding.by_id.values())))

    def fail(self, attempt_id: int, failure: Failure, *, started: bool) -> None:
        self._end(attempt_id, not_measured(failure, started=started), Ending.KEPT)

    def give_back(self) -> None:
        started = self.work is Work.MEASURING
        for attempt_id in tuple(self.holding.by_id):
            self._end(attempt_id, not_measured(_SHUTDOWN, started=started), Ending.GIVEN_BACK)

    def forget(self, attempt_ids: Iterable[int], why: str) -> None:
        for attempt_id in attempt_ids:
            if self.holding.by_id.pop(attempt_id, None) is not None:
                self._do(instructions.LeaseEnded(attempt_id, Ending.FORGOTTEN, why))

    def forget_all(self, why: str) -> None:
        self.forget(tuple(self.holding.by_id), why)

    def times_s(self) -> list[float]:
        """When `watch` may have something to do."""
        until_s = [held.until_s for held in self.holding.by_id.values()]
        return [*until_s, *(time + self.lease_s for time in until_s)]

    def _end(self, attempt_id: int, outcome: NotMeasured, ending: Ending) -> None:
        held = self.holding.by_id.pop(attempt_id, None)
        if held is not None:
            self._do(instructions.LeaseEnded(attempt_id, ending, outcome.failure.message))
            self._do(instructions.Keep(held.lease.spec.seed, {}, (held.report(outcome),)))
