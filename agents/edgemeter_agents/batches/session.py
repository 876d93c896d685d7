"""One batch through its visits: collects them, decides on repeats, and says what came out.

Pure bookkeeping: visits are handed in, measurements are handed out, and all I/O is the caller's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from edgemeter.failures import Failure, FailureKind
from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.conditions.snapshot import Change, Conditions
from edgemeter_agents.measuring.anchors import AnchorReading, AnchorSession
from edgemeter_agents.measuring.contention import Accept, Fail, Repeat, Substitute, is_contended, next_action
from edgemeter_agents.measuring.headline import Headline
from edgemeter_agents.measuring.history import AnchorHistory
from edgemeter_agents.measuring.visit import Load, Visit
from edgemeter_agents.runtimes.base import Facts
from edgemeter_agents.visits.messages import Failed, Measured, Result

#: So many of a session's networks are remembered with the anchors, the same ones each time they occur.
REMEMBERED_NETWORKS = 16
_RUNS_OTHERWISE = Failure(
    FailureKind.RUNTIME_ERROR,
    "the engine runs the network otherwise when it opens it again from what it has exported itself",
)


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """A visit as made: what the child said, and the machine around it."""

    results: tuple[Result, ...]
    before: Conditions
    after: Conditions
    change: Change
    steal_share: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one network: the visits to summarise, or why there are none."""

    network: Network
    visits: tuple[Visit, ...]
    cpu_ratio: float | None
    load_ms: float | None
    prepare_ms: float | None
    facts: Facts | None
    failure: Failure | None


class BatchSession:
    """State of one batch. `record` each visit; `wanted` names what the next one must hold."""

    def __init__(self, batch: Batch, protocol: MeasuringProtocol, history: AnchorHistory) -> None:
        self.batch = batch
        self.protocol = protocol
        self.history = history
        self.records: list[VisitRecord] = []
        self._visits: dict[str, list[Visit]] = defaultdict(list)
        self._prepare_ms: dict[str, list[float]] = defaultdict(list)
        self._load_ms: list[float] = []
        self._facts: dict[tuple[str, bool], Facts] = {}  #: by job, and whether it was opened again
        self._failures: dict[str, Failure] = {}
        self._repeats: dict[str, int] = defaultdict(int)

    def record(self, record: VisitRecord) -> None:
        self.records.append(record)
        measured = [result for result in record.results if isinstance(result, Measured)]
        load = Load.of_blocks((result.block for result in measured), record.steal_share)
        for result in measured:
            self._visits[result.job].append(Visit(result.block, load, result.delay_available))
            if result.prepare_ms is not None:
                self._prepare_ms[result.job].append(result.prepare_ms)
            if result.load_ms is not None:
                self._load_ms.append(result.load_ms)
            if result.facts is not None:
                self._facts[result.job, result.prepare_ms is None] = result.facts
            # A full set of visits comes first; what is made beyond it is a repeat.
            self._repeats[result.job] += len(self._visits[result.job]) > self.protocol.visits
        for failed in record.results:
            if isinstance(failed, Failed):
                self._failures.setdefault(failed.job, failed.failure)

    def wanted(self) -> tuple[str, ...]:
        """The networks that need another visit, in the batch's order; empty when all is done."""
        cpu_ratio = self._cpu_ratio()
        return tuple(
            network.id
            for network in self.batch.networks
            if network.id not in self._failures and isinstance(self._action(network.id, cpu_ratio), Repeat)
        )

    def without_facts(self, reopened: Collection[str]) -> frozenset[str]:
        """Of what is to be opened again, too: it must be the same."""
        ids = (network.id for network in self.batch.networks)
        return frozenset(id_ for id_ in ids if (id_, id_ in reopened) not in self._facts)

    def outcomes(self) -> Iterator[Outcome]:
        cpu_ratio = self._cpu_ratio()
        for network in self.batch.networks:
            yield self._outcome(network, cpu_ratio)

    def anchor_session(self) -> AnchorSession | None:
        """What the anchors read, or None where one of them could not be measured."""
        light, heavy = (self._visits[anchor.id] for anchor in self.batch.anchors)
        if not light or not heavy:
            return None
        quiet_light, quiet_heavy = self._quiet(light), self._quiet(heavy)
        if min(len(quiet_light), len(quiet_heavy)) < self.protocol.visits:
            return AnchorSession(self._reading(light), self._reading(heavy), quiet=False)
        return AnchorSession(self._reading(quiet_light), self._reading(quiet_heavy), True, self._remembered())

    def _outcome(self, network: Network, cpu_ratio: float | None) -> Outcome:
        visits: tuple[Visit, ...] = ()
        substituted: float | None = None
        facts = self._facts.get((network.id, False))
        failure = self._failures.get(network.id)
        if facts != self._facts.get((network.id, True), facts):
            failure = failure or _RUNS_OTHERWISE
        if failure is None:
            match self._action(network.id, cpu_ratio):
                case Accept(visits=accepted):
                    visits = accepted
                case Substitute(visits=accepted, ratio=ratio):
                    visits, substituted = accepted, ratio
                case Fail(failure=reason):
                    failure = reason
                case Repeat():
                    raise RuntimeError("outcomes were asked for before every visit was made")
        prepare = self._prepare_ms[network.id]
        return Outcome(
            network,
            visits,
            substituted,
            median(self._load_ms) if self._load_ms else None,
            median(prepare) if prepare else None,
            facts,
            failure,
        )

    def _action(self, job: str, cpu_ratio: float | None) -> Accept | Repeat | Substitute | Fail:
        return next_action(
            self._visits[job],
            self.protocol,
            repeats_made=self._repeats[job],
            cpu_ratio=cpu_ratio,
        )

    def _cpu_ratio(self) -> float | None:
        one_thread_cpu = self.batch.target.processor == "cpu" and self.batch.settings.threads == 1
        session = self.anchor_session() if one_thread_cpu else None
        return self.history.cpu_ratio(session) if session else None

    def _quiet(self, visits: Sequence[Visit]) -> list[Visit]:
        return [visit for visit in visits if not is_contended(visit, self.protocol)]

    def _reading(self, visits: Sequence[Visit]) -> AnchorReading:
        statistic = self.protocol.statistic
        wall = Headline.of([visit.block.wall_ms() for visit in visits], statistic)
        cpu = Headline.of([visit.block.cpu_ms() for visit in visits], statistic)
        return AnchorReading(wall.value, cpu.value, wall.standard_error)

    def _remembered(self) -> dict[str, float]:
        by_hash = sorted(self.batch.networks, key=lambda network: network.document.sha256)
        quiet = {n.document.sha256: self._quiet(self._visits[n.id]) for n in by_hash[:REMEMBERED_NETWORKS]}
        return {
            name: self._reading(visits).wall_ms
            for name, visits in quiet.items()
            if len(visits) >= self.protocol.visits
        }


def steal_share(change: Change, wall_ns: int) -> float:
    """Host steal as a share of the visit's span, 0 where the kernel does not tell.

    All of it is laid at the visit's door: a host takes from processors that have work to do.
    """
    if change.steal_ns is None or wall_ns <= 0:
        return 0.0
    return min(1.0, change.steal_ns / wall_ns)
