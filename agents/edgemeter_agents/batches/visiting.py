"""Carries out one visit of a batch: takes the lock, reads conditions around it, runs the child."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.isolation import Achieved, Confinement
from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.batches.cooling import CoolDown
from edgemeter_agents.batches.exports import Exports, plain_job
from edgemeter_agents.batches.lab import Lab, Nurseries
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.batches.session import VisitRecord, steal_share
from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.conditions.lock import machine_lock
from edgemeter_agents.conditions.permissions import LOWEST_NICE
from edgemeter_agents.conditions.priority import Priority
from edgemeter_agents.conditions.snapshot import difference, read_conditions
from edgemeter_agents.visits.messages import Failed, Result, Task, VisitSpec
from edgemeter_agents.visits.runner import JobLimits, OnStarted, VisitError, run_visit


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for beyond the latency, and how. Durations in seconds, None: not asked."""

    seed: int = 0
    priority: PriorityWish = PriorityWish.AUTO
    layers: bool = False
    memory: bool = False
    sustained_s: float | None = None
    streams: int | None = None
    start_temperature_c: float | None = None
    limits: JobLimits = field(default_factory=JobLimits)


@dataclass(frozen=True, slots=True)
class Errand:
    """One visit's purpose: a task on networks, in this order. With `exports` some are opened again from what
    an earlier visit has left there. `visit` counts those that the networks have had before.
    """

    networks: Sequence[Network]
    task: Task = "latency"
    facts_of: frozenset[str] = frozenset()
    duration_s: float = 0.0
    streams: int = 1
    profiled: bool = False
    exports: Exports | None = None
    visit: int = 0


class Visitor:
    """Sends children to a batch's networks. `note` is told in words what is being waited for."""

    def __init__(
        self,
        lab: Lab,
        nurseries: Nurseries,
        protocol: MeasuringProtocol,
        wishes: Wishes,
        note: Callable[[str], None],
    ) -> None:
        self._lab = lab
        self._nurseries = nurseries
        self._protocol = protocol
        self._wishes = wishes
        self.note = note
        self._cool_down = CoolDown(wishes.start_temperature_c, lambda: read_conditions(lab.roots), note)
        self.confinement: Achieved | None = None

    def priority(self, batch: Batch) -> Priority:
        return self._lab.priority(self._wishes.priority, self._lab.cpus(batch.settings.threads))

    def cpus(self, batch: Batch) -> tuple[int, ...]:
        return self._lab.cpus(batch.settings.threads).cpus

    def visit(self, batch: Batch, errand: Errand, on_started: OnStarted) -> VisitRecord:
        """A record with one result for each network.

        Where the device stays hot or no child will start, all of them have failed.
        """
        with machine_lock(waiting=self._wait_for):
            before, began_ns = read_conditions(self._lab.roots), time.perf_counter_ns()
            try:
                before, began_ns = self._cool_down.wait(), time.perf_counter_ns()
                results = self._run(batch, errand, on_started)
            except (VisitError, ImportError) as error:
                results = _all_failed(errand, Failure(FailureKind.INTERNAL, str(error)))
            except FailureError as error:
                results = _all_failed(errand, error.failure)
            wall_ns = time.perf_counter_ns() - began_ns
            after = read_conditions(self._lab.roots)
        change = difference(before, after)
        return VisitRecord(results, before, after, change, steal_share(change, wall_ns))

    def _run(self, batch: Batch, errand: Errand, on_started: OnStarted) -> tuple[Result, ...]:
        spec, confinement = self._spec(batch, errand), self._confinement(batch, errand)
        with self._nurseries.of(batch.runtime) as nursery:
            outcome = run_visit(nursery, spec, confinement, self._wishes.limits, on_started)
        self.confinement = outcome.confinement
        return outcome.results

    def _wait_for(self, pid: int | None) -> None:
        self.note(f"another measurement is running (pid {pid or 'unknown'}); waiting for it to end")

    def _spec(self, batch: Batch, errand: Errand) -> VisitSpec:
        # Only latency and the times of kernels are taken in bursts; the other tasks want to run on.
        timed = errand.task == "latency" or errand.profiled
        return VisitSpec(
            runtime=batch.runtime,
            settings=batch.settings,
            protocol=self._protocol.of_visit(errand.visit),
            jobs=tuple(errand.exports.job(n) if errand.exports else plain_job(n) for n in errand.networks),
            priority=self.priority(batch) if timed else "normal",
            seed=self._wishes.seed,
            task=errand.task,
            facts_of=errand.facts_of,
            duration_s=errand.duration_s,
            streams=errand.streams,
            profiled=errand.profiled,
        )

    def _confinement(self, batch: Batch, errand: Errand) -> Confinement:
        priority = self.priority(batch)
        return Confinement(
            cpus=self._lab.cpus(batch.settings.threads * errand.streams).cpus,
            nice=LOWEST_NICE if priority == "nice" else 0,
            rtprio_limit=1 if priority == "fifo" else 0,
        )


def _all_failed(errand: Errand, failure: Failure) -> tuple[Result, ...]:
    return tuple(Failed(network.id, failure) for network in errand.networks)
