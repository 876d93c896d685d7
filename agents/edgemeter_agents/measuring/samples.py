"""What one timed block yields: raw, ordered, nothing dropped."""

from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Time as the measuring core sees it. The real one reads the kernel, tests script one.

    All readings are nanoseconds of monotonic counters; only differences mean anything.
    """

    def wall_ns(self) -> int:
        """Wall time."""
        ...

    def cpu_ns(self) -> int:
        """CPU time used by all threads of the process."""
        ...

    def delay_ns(self) -> int:
        """Time that the process's threads were runnable but waited for a processor."""
        ...

    def sleep(self, duration_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """Back-to-back invocations, timed as one. Values are totals over those runs."""

    wall_ns: int
    cpu_ns: int
    delay_ns: int

    def per_run(self, runs: int) -> "Sample":
        return Sample(self.wall_ns // runs, self.cpu_ns // runs, self.delay_ns // runs)


@dataclass(frozen=True, slots=True)
class Block:
    """One timed block of one network: the outcome of `measure_block`.

    `first_ns` is the first invocation after `prepare`, the one a user waits for.
    `warmup` is everything untimed in order, never mixed in: the samples before the timing began
    and those after each rest of a real-time burst. Batches vary there, so they are already
    divided into values per invocation.
    `runs_per_sample` divides a sample's totals into values per invocation.
    `converged`: the 95 % interval of this block's median reached the protocol's width.
    `warmed_up`: the warm-up ended by its own rule, not at its cap.
    """

    first_ns: int
    warmup: tuple[Sample, ...]
    samples: tuple[Sample, ...]
    runs_per_sample: int
    converged: bool
    warmed_up: bool
    realtime: bool  #: ran under SCHED_FIFO

    def wall_ms(self) -> list[float]:
        return [s.wall_ns / self.runs_per_sample / 1e6 for s in self.samples]

    def cpu_ms(self) -> list[float]:
        return [s.cpu_ns / self.runs_per_sample / 1e6 for s in self.samples]
