"""This machine as a place to measure: its processors, priorities and nurseries."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from edgemeter.isolation import Nursery
from edgemeter.protocols import MeasuringProtocol, VisitStart
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.conditions.permissions import Permissions, probe_permissions
from edgemeter_agents.conditions.priority import Priority, choose_priority
from edgemeter_agents.conditions.processors import CpuChoice, Topology, choose_cpus, read_topology
from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.visits.engine import VARIABLE

PRELOADED = ("edgemeter_agents.visits.child", "edgemeter_agents.visits.engine")


_BY_HAND: dict[PriorityWish, Priority] = {
    PriorityWish.FIFO: "fifo",
    PriorityWish.NICE: "nice",
    PriorityWish.NORMAL: "normal",
}


@dataclass(frozen=True, slots=True)
class Lab:
    """What does not change while networks are measured."""

    roots: Roots
    topology: Topology
    permissions: Permissions

    @classmethod
    def of_this_machine(cls) -> "Lab":
        roots = Roots()
        return cls(roots, read_topology(roots), probe_permissions(roots))

    def cpus(self, threads: int) -> CpuChoice:
        return choose_cpus(self.topology, threads)

    def priority(self, wish: PriorityWish, cpus: CpuChoice) -> Priority:
        """What will be tried; a network whose inference is too long for bursts runs without (rule 5)."""
        if wish is PriorityWish.AUTO:
            # A confined process may switch its own thread alone: several would run at different priorities.
            room = cpus.core_left and len(cpus.cpus) == 1
            return choose_priority(self.permissions, room, inference_s=0.0)
        return _BY_HAND[wish]


class Nurseries:
    """One nursery for each engine where a protocol forks its visits, else a new one each time."""

    def __init__(self, protocol: MeasuringProtocol) -> None:
        self._shared = protocol.visit_start is VisitStart.FORKED
        self._open: dict[str, Nursery] = {}
        self._stack = ExitStack()

    @contextmanager
    def of(self, runtime: str) -> Iterator[Nursery]:
        if not self._shared:
            with start_nursery(runtime) as nursery:
                yield nursery
            return
        if runtime not in self._open:
            self._open[runtime] = self._stack.enter_context(start_nursery(runtime))
        yield self._open[runtime]

    def __enter__(self) -> "Nurseries":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def start_nursery(runtime: str) -> Nursery:
    """A nursery that has loaded the engine. Raises ImportError where it is not installed."""
    return Nursery(preload=PRELOADED, environment={VARIABLE: runtime})
