"""Carries out what is to be done with a batch: fetches its networks, then has them measured."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.wire.agents import Lease
from edgemeter.wire.specs import JobSpec
from edgemeter_agents.daemon import events
from edgemeter_agents.daemon.events import Event
from edgemeter_agents.daemon.fetching import Fetcher
from edgemeter_agents.daemon.held import not_measured
from edgemeter_agents.daemon.log import log, warn
from edgemeter_agents.daemon.worker_messages import Done, MeasureJobs, WorkerJob
from edgemeter_agents.daemon.workers import Worker, WorkerError

#: An exception is a defect: it ends the daemon.
Tell = Callable[[Event | BaseException], None]
#: Beyond a network's own time: preparing it, cooling the device down, waiting for the machine's lock.
SILENCE_S = 900.0


class Work:
    """One batch at a time. `tell` gets the events; after `stop` nothing runs any more."""

    def __init__(self, fetcher: Fetcher, worker: Worker, tell: Tell) -> None:
        self._fetcher = fetcher
        self._worker = worker
        self._tell = tell
        self._files: dict[int, Path] = {}
        self._wanted: set[int] = set()
        self._task: asyncio.Task[None] | None = None

    def prepare(self, leases: Sequence[Lease]) -> None:
        self._begin(self._prepare(leases), events.Prepared())

    def measure(self, leases: Sequence[Lease]) -> None:
        self._wanted = {lease.attempt_id for lease in leases}
        self._begin(self._measure(leases), events.WorkEnded())

    def forget(self, attempt_id: int) -> None:
        """What has not begun of it does not begin."""
        self._wanted.discard(attempt_id)

    def stop(self) -> None:
        """Where something runs it ends, and says so."""
        if self._task is not None and not self._task.done():
            self._task.cancel()

    async def close(self) -> None:
        """Waits until nothing runs any more."""
        self.stop()
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._worker.stop()

    def _begin(self, work: Coroutine[Any, Any, None], done: Event) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            # Told here, not in the task: one that is cancelled before its first step never runs.
            self._tell(events.WorkEnded() if task.cancelled() else task.exception() or done)

        self._task = asyncio.create_task(work)
        self._task.add_done_callback(ended)

    async def _prepare(self, leases: Sequence[Lease]) -> None:
        self._files.clear()
        needed = {lease.artifact.sha256 for lease in leases}
        try:
            await self._worker.warm_up()
            for lease in leases:
                await self._fetch(lease, needed)
        except OSError as error:
            self._all_unready(leases, error)

    async def _fetch(self, lease: Lease, needed: set[str]) -> None:
        try:
            self._files[lease.attempt_id] = await self._fetcher.fetch(lease.artifact, needed)
        except FailureError as error:
            self._tell(events.Unprepared(lease.attempt_id, error.failure))

    def _all_unready(self, leases: Sequence[Lease], error: OSError) -> None:
        warn("not prepared", error=str(error))
        failure = Failure(FailureKind.DEVICE_UNREADY, f"the device cannot prepare: {error.strerror}")
        for lease in leases:
            self._tell(events.Unprepared(lease.attempt_id, failure))

    async def _measure(self, leases: Sequence[Lease]) -> None:
        for together in _by_spec(leases):
            still_wanted = [lease for lease in together if lease.attempt_id in self._wanted]
            if still_wanted:
                self._tell(await self._results(still_wanted))

    async def _results(self, leases: Sequence[Lease]) -> events.Results:
        spec = _without_shapes(leases[0].spec)
        jobs = tuple(self._job(lease) for lease in leases)
        request = MeasureJobs(target=leases[0].target, spec=spec, jobs=jobs)
        patience_s = SILENCE_S + spec.timeout_s + (spec.sustained_s or 0.0)
        try:
            done = await self._worker.measure(request, patience_s, lambda text: log("measuring", text=text))
            log("measured", attempts=[job.attempt_id for job in jobs], measuring_s=round(done.measuring_s, 4))
            return _told(done)
        except WorkerError as error:
            warn("the worker failed", error=str(error))
            return _all_failed(leases, str(error))

    def _job(self, lease: Lease) -> WorkerJob:
        return WorkerJob(
            attempt_id=lease.attempt_id,
            file=str(self._files[lease.attempt_id]),
            name=lease.artifact.name,
            sha256=lease.artifact.sha256,
            shapes=lease.spec.shapes,
        )


def _by_spec(leases: Sequence[Lease]) -> Iterator[list[Lease]]:
    """Leases that can share visits: all the same but for the networks and their shapes."""
    groups: dict[str, list[Lease]] = {}
    for lease in leases:
        groups.setdefault(_without_shapes(lease.spec).model_dump_json(), []).append(lease)
    yield from groups.values()


def _without_shapes(spec: JobSpec) -> JobSpec:
    return spec.model_copy(update={"shapes": {}})


def _told(done: Done) -> events.Results:
    outcomes = tuple(events.Outcome(found.attempt_id, found.outcome) for found in done.outcomes)
    return events.Results(done.seed, done.provenance, outcomes)


def _all_failed(leases: Sequence[Lease], why: str) -> events.Results:
    failure = Failure(FailureKind.INTERNAL, f"the measuring process failed: {why}")
    outcome = not_measured(failure, started=True)
    outcomes = tuple(events.Outcome(lease.attempt_id, outcome) for lease in leases)
    return events.Results(leases[0].spec.seed, {}, outcomes)
