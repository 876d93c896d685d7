"""Adaptive warm-up, and how many runs make one sample."""

import math
from statistics import median

from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.measuring.samples import Sample

#: Early runs are slow and grains of a clock coarse: a batch grows at most so much at once.
FASTEST_GROWTH = 16
MOST_RUNS_PER_SAMPLE = 100_000


class WarmUp:
    """Collects untimed samples until the network runs steadily or a cap is reached.

    The caller alternates `runs` (how many invocations the next sample takes) and `add`.
    """

    def __init__(self, protocol: MeasuringProtocol) -> None:
        self._protocol = protocol
        self._runs_taken = 0
        self._wall_ns = 0
        self.samples: list[Sample] = []  #: per invocation
        self.runs = 1

    def add(self, sample: Sample) -> None:
        """Takes the totals of the `runs` invocations just made."""
        self._runs_taken += self.runs
        self._wall_ns += sample.wall_ns
        self.samples.append(sample.per_run(self.runs))
        wanted = batch_size(sample.wall_ns / self.runs, self._protocol)
        self.runs = min(wanted, self.runs * FASTEST_GROWTH)

    @property
    def finished(self) -> bool:
        return self.complete or self._capped

    @property
    def complete(self) -> bool:
        """The rule itself is met: enough runs, enough time, and two steady windows."""
        protocol = self._protocol
        enough = self._runs_taken >= protocol.warmup_runs and self._wall_ns >= protocol.warmup_s * 1e9
        return enough and self._steady

    def runs_per_sample(self) -> int:
        """The batch for the timed samples, from the fastest of the last warm ones, so that
        hardly a sample falls short of the protocol's duration."""
        recent = self.samples[-max(self._protocol.warmup_window, 3) :]
        return batch_size(min(sample.wall_ns for sample in recent), self._protocol)

    @property
    def _capped(self) -> bool:
        # The count ends it even where a clock's grain hides the time altogether.
        return (
            self._wall_ns >= self._protocol.warmup_max_s * 1e9
            or len(self.samples) >= self._protocol.max_samples
        )

    @property
    def _steady(self) -> bool:
        window = self._protocol.warmup_window
        if window == 0:
            return True
        if len(self.samples) < 2 * window:
            return False
        walls = [sample.wall_ns for sample in self.samples[-2 * window :]]
        before, last = median(walls[:window]), median(walls[window:])
        return abs(last - before) <= self._protocol.warmup_tolerance * before


def batch_size(run_ns: float, protocol: MeasuringProtocol) -> int:
    """Invocations per sample for a network of `run_ns`: one, or as many as fill a sample."""
    if run_ns >= protocol.batch_below_us * 1e3:
        return 1
    return min(math.ceil(protocol.batch_sample_ms * 1e6 / max(run_ns, 1.0)), MOST_RUNS_PER_SAMPLE)
