"""Reports that the server does not have yet: on disk, or in memory where the disk takes no more."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgemeter import __version__
from edgemeter.failures import Failure, FailureKind
from edgemeter.wire.agents import MAX_LEASES, AttemptReport, NotMeasured, ReportBatch
from edgemeter_agents.daemon.held import not_measured
from edgemeter_agents.daemon.spool import Spool, SpoolFullError

#: Of one message: well below what a server takes.
MESSAGE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """`name` is None for what is in memory alone."""

    name: str | None
    body: bytes


class Outbox:
    """The oldest first. Every method touches the disk: call them from a thread, one at a time."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._memory: deque[bytes] = deque()

    @property
    def backlog(self) -> int:
        return len(self._spool.names()) + len(self._memory)

    def keep(self, seed: int, provenance: dict[str, object], reports: Sequence[AttemptReport]) -> bool:
        """Whether all of it is on disk."""
        durable = True
        for part in _parts(reports):
            batch = ReportBatch(agent_version=__version__, seed=seed, provenance=provenance, reports=part)
            durable &= self._keep(batch.model_dump_json().encode())
        return durable

    def oldest(self) -> Waiting | None:
        for name in self._spool.names():
            if (found := self._spool.get(name)) is not None:
                return Waiting(found.name, found.body)
        return Waiting(None, self._memory[0]) if self._memory else None

    def done(self, delivered: Waiting) -> None:
        if delivered.name is not None:
            self._spool.remove(delivered.name)
        elif self._memory:
            self._memory.popleft()

    def set_aside(self, refused: Waiting, why: str) -> None:
        """Keeps what the server refuses for people; the jobs get a failure that tells them."""
        apology = _apology(refused.body, why)
        if refused.name is not None:
            self._spool.set_aside(refused.name)
        elif self._memory:
            self._memory.popleft()
        if apology is not None:
            self._keep(apology)

    def _keep(self, body: bytes) -> bool:
        try:
            self._spool.put(body)
        except (OSError, SpoolFullError):
            self._memory.append(body)
            return False
        return True


def _parts(reports: Sequence[AttemptReport]) -> Iterator[tuple[AttemptReport, ...]]:
    part: list[AttemptReport] = []
    size_bytes = 0
    for report in reports:
        own_bytes = len(report.model_dump_json())
        if part and (size_bytes + own_bytes > MESSAGE_BYTES or len(part) == MAX_LEASES):
            yield tuple(part)
            part, size_bytes = [], 0
        part.append(report)
        size_bytes += own_bytes
    if part:
        yield tuple(part)


def _apology(body: bytes, why: str) -> bytes | None:
    """Failures in the place of what was refused; None where failures were refused."""
    batch = ReportBatch.model_validate_json(body)
    if all(isinstance(report.outcome, NotMeasured) for report in batch.reports):
        return None
    failure = Failure(FailureKind.INTERNAL, f"the server refused the agent's report: {why}"[:1000])
    outcome = not_measured(failure, started=True)
    reports = tuple(report.model_copy(update={"outcome": outcome}) for report in batch.reports)
    return batch.model_copy(update={"reports": reports}).model_dump_json().encode()
