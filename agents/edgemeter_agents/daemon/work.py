"""Carries out what is to be done with a batch: fetches or builds its networks, has them measured."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.wire.agents import Lease
from edgemeter.wire.specs import JobSpec
from edgemeter_agents.daemon import events
from edgemeter_agents.daemon.building import Building, NetworkFile
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

    def __init__(self, fetcher: Fetcher, building: Building, worker: Worker, tell: Tell) -> None:
        self._fetcher = fetcher
        self._building = building
        self._worker = worker
        self._tell = tell
        self._files: dict[int, NetworkFile] = {}
        self._wanted: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self.doing: str | None = None  #: what the worker last told of what is measured

    def prepare(self, leases: Sequence[Lease]) -> None:
        self._begin(self._prepare(leases), events.Prepared())

    def measure(self, leases: Sequence[Lease]) -> None:
        self._wanted, self.doing = {lease.attempt_id for lease in leases}, None
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
        files = [lease for lease in leases if lease.recipe is None]
        needed = {lease.artifact.sha256 for lease in files}
        try:
            await self._worker.warm_up()
            for lease in files:
                await self._fetch(lease, needed)
        except OSError as error:
            self._all_unready(leases, error)

    async def _fetch(self, lease: Lease, needed: set[str]) -> None:
        try:
            path = await self._fetcher.fetch(lease.artifact, needed)
            self._files[lease.attempt_id] = NetworkFile(path, lease.artifact.sha256)
        except FailureError as error:
            self._tell(events.Unprepared(lease.attempt_id, error.failure))

    def _all_unready(self, leases: Sequence[Lease], error: OSError) -> None:
        warn("not prepared", error=str(error))
        failure = Failure(FailureKind.DEVICE_UNREADY, f"the device cannot prepare: {error.strerror}")
        for lease in leases:
            self._tell(events.Unprepared(lease.attempt_id, failure))

    async def _measure(self, leases: Sequence[Lease]) -> None:
        for together in _by_spec(leases):
            waiting = self._still_wanted(together)
            while waiting:
                await self._build(waiting)
                ready = [lease for lease in waiting if lease.attempt_id in self._files]
                if ready:
                    self._tell(await self._results(ready))
                # Files of recipes give way to those of the next part.
                self._wanted -= {lease.attempt_id for lease in ready}
                waiting = self._still_wanted(waiting)

    def _still_wanted(self, leases: Sequence[Lease]) -> list[Lease]:
        return [lease for lease in leases if lease.attempt_id in self._wanted]

    async def _build(self, leases: Sequence[Lease]) -> None:
        """What cannot be built has failed; what has no room in the cache is built later."""
        unbuilt = [lease for lease in leases if lease.recipe and lease.attempt_id not in self._files]
        if not unbuilt:
            return
        wanted = {lease.attempt_id for lease in leases}
        needed = {file.sha256 for id_, file in self._files.items() if id_ in self._wanted & wanted}
        try:
            part = await self._building.build(unbuilt, needed)
        except WorkerError as error:
            warn("the worker failed", error=str(error))
            self._tell(_all_failed(unbuilt, str(error)))
            self._wanted -= {lease.attempt_id for lease in unbuilt}
            return
        self._files |= part.files
        for lease in unbuilt:
            if (failure := part.failures.get(lease.attempt_id)) is not None:
                self._tell(_failed(lease, failure))
                self._wanted.discard(lease.attempt_id)

    async def _results(self, leases: Sequence[Lease]) -> events.Results:
        spec = _without_shapes(leases[0].spec)
        jobs = tuple(self._job(lease) for lease in leases)
        request = MeasureJobs(target=leases[0].target, spec=spec, jobs=jobs)
        patience_s = SILENCE_S + spec.timeout_s + (spec.sustained_s or 0.0)
        try:
            done = await self._worker.measure(request, patience_s, self._told)
            log("measured", attempts=[job.attempt_id for job in jobs], measuring_s=round(done.measuring_s, 4))
            return _told(done)
        except WorkerError as error:
            warn("the worker failed", error=str(error))
            return _all_failed(leases, str(error))

    def _told(self, text: str) -> None:
        self.doing = text
        log("measuring", text=text)

    def _job(self, lease: Lease) -> WorkerJob:
        file = self._files[lease.attempt_id]
        return WorkerJob(
            attempt_id=lease.attempt_id,
            file=str(file.path),
            own=file.own,
            name=lease.artifact.name,
            sha256=file.sha256,
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


def _failed(lease: Lease, failure: Failure) -> events.Results:
    outcome = not_measured(failure, started=failure.kind is not FailureKind.DEVICE_UNREADY)
    return events.Results(lease.spec.seed, {}, (events.Outcome(lease.attempt_id, outcome),))


def _all_failed(leases: Sequence[Lease], why: str) -> events.Results:
    failure = Failure(FailureKind.INTERNAL, f"the measuring process failed: {why}")
    outcome = not_measured(failure, started=True)
    outcomes = tuple(events.Outcome(lease.attempt_id, outcome) for lease in leases)
    return events.Results(leases[0].spec.seed, {}, outcomes)
