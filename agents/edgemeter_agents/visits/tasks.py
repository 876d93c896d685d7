"""What a child does with one job: time it, profile it, weigh it, or load it for longer."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from edgemeter_agents.conditions.memory import peak_resident_bytes, reset_peak, resident_bytes
from edgemeter_agents.measuring.block import measure_block
from edgemeter_agents.measuring.bursts import RestDebt
from edgemeter_agents.measuring.clock import SystemClock
from edgemeter_agents.measuring.realtime import RealtimeSwitch
from edgemeter_agents.runtimes.base import ProfileUnavailableError, Runtime, Session
from edgemeter_agents.visits import engine
from edgemeter_agents.visits.inputs import random_inputs, read_inputs
from edgemeter_agents.visits.messages import Job, Measured, Noted, Profiled, Result, Task, Told, VisitSpec

PROFILED_RUNS = 30
MEMORY_RUNS = 3
#: Sustained latency is that of the last third: what is left after boost and heat have settled.
SUSTAINED_TAIL = 3


@dataclass(frozen=True, slots=True)
class Bench:
    """What a task works with: the loaded engine and the visit's switches."""

    runtime: Runtime
    spec: VisitSpec
    clock: SystemClock
    realtime: RealtimeSwitch | None
    debt: RestDebt
    on_prepared: Callable[[Job], None]

    def prepare(self, job: Job) -> Session:
        file, settings = Path(job.file), self.spec.settings
        if job.exported:
            session = self.runtime.reopen(file, settings)
        else:
            session = self.runtime.prepare(file, settings, job.shapes)
        self.on_prepared(job)
        return session

    def inputs(self, job: Job, session: Session) -> dict[str, NDArray[np.generic]]:
        if job.inputs is not None:
            return read_inputs(Path(job.inputs), session.inputs)
        return random_inputs(session.inputs, self.spec.seed)

    def ready(self, job: Job) -> Session:
        session = self.prepare(job)
        session.bind(self.inputs(job, session))
        return session


def measure_latency(bench: Bench, job: Job) -> Measured:
    started_ns = time.perf_counter_ns()
    session = bench.prepare(job)
    prepare_ms = None if job.exported else _since_ms(started_ns)
    session.bind(bench.inputs(job, session))
    try:
        with _without_garbage_collection():
            block = measure_block(
                bench.clock, session.run, bench.spec.protocol, bench.realtime, debt=bench.debt
            )
        started_ns = time.perf_counter_ns()
        facts = session.facts() if job.id in bench.spec.facts_of else None
        facts_ms = _since_ms(started_ns)
        if job.exports is not None:
            _export(session, Path(job.exports))
    finally:
        session.close()
    return Measured(job.id, engine.LOAD_MS, prepare_ms, block, bench.clock.delay_available, facts, facts_ms)


def _export(session: Session, path: Path) -> None:
    """Nothing where the engine has no such form, or the file would be too large: then it is prepared anew."""
    content = session.exported()
    if content is None:
        return
    try:
        path.write_bytes(content)
    except OSError:
        path.unlink(missing_ok=True)


def _since_ms(started_ns: int) -> float:
    return (time.perf_counter_ns() - started_ns) / 1e6


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def profile_layers(bench: Bench, job: Job) -> Profiled:
    session = bench.prepare(job)
    inputs = bench.inputs(job, session)
    session.close()
    spec = bench.spec
    try:
        layers = bench.runtime.profile(Path(job.file), spec.settings, job.shapes, inputs, PROFILED_RUNS)
    except ProfileUnavailableError as reason:
        return Profiled(job.id, (), str(reason))
    return Profiled(job.id, tuple(layers), None)


def tell_kernels(bench: Bench, job: Job) -> Told:
    session = bench.prepare(job)
    inputs = bench.inputs(job, session)
    session.close()
    spec = bench.spec

    def drive(run: Callable[[], None]) -> None:
        measure_block(bench.clock, run, spec.protocol, bench.realtime, debt=bench.debt)

    file, profiled = Path(job.file), drive if spec.profiled else None
    kernels = bench.runtime.kernels(file, spec.settings, job.shapes, inputs, profiled)
    return Told(job.id, tuple(kernels))


def weigh_memory(bench: Bench, job: Job) -> Noted:
    """Peak resident memory above this child before it had a network. One job a child: heaps do not shrink."""
    reset_peak()
    empty_bytes = resident_bytes()
    session = bench.ready(job)
    for _ in range(MEMORY_RUNS):
        session.run()
    return Noted(job.id, float(max(0, peak_resident_bytes() - empty_bytes)))


def measure_sustained(bench: Bench, job: Job) -> Noted:
    run = bench.ready(job).run
    times_ns: list[int] = []
    end_ns = time.perf_counter_ns() + round(bench.spec.duration_s * 1e9)
    before_ns = time.perf_counter_ns()
    while before_ns < end_ns or len(times_ns) < SUSTAINED_TAIL:
        run()
        after_ns = time.perf_counter_ns()
        times_ns.append(after_ns - before_ns)
        before_ns = after_ns
    return Noted(job.id, median(times_ns[-(len(times_ns) // SUSTAINED_TAIL) :]) / 1e6)


def measure_throughput(bench: Bench, job: Job) -> Noted:
    """Inferences per second of `streams` sessions, each driven by a thread of its own."""
    sessions = [bench.ready(job) for _ in range(bench.spec.streams)]
    for session in sessions:
        session.run()
    counts = [0] * len(sessions)
    start = threading.Barrier(len(sessions) + 1)
    stop = threading.Event()

    def drive(stream: int) -> None:
        run = sessions[stream].run
        start.wait()
        while not stop.is_set():
            run()
            counts[stream] += 1

    threads = [threading.Thread(target=drive, args=(stream,)) for stream in range(len(sessions))]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    stop.wait(bench.spec.duration_s)
    stop.set()
    for thread in threads:
        thread.join()
    return Noted(job.id, sum(counts) / (time.perf_counter() - began))


TASKS: dict[Task, Callable[[Bench, Job], Result]] = {
    "latency": measure_latency,
    "layers": profile_layers,
    "memory": weigh_memory,
    "sustained": measure_sustained,
    "throughput": measure_throughput,
    "kernels": tell_kernels,
}
