"""A scripted device: its clock, its networks, its real-time priority and its noise."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

Factor = Callable[[float], float]
"""Slowness over time: seconds since the start -> factor on CPU time."""


def steady(_: float) -> float:
    return 1.0


def common_drift(amplitude: float, period_s: float, phase: float = 0.0) -> Factor:
    """A slow swell that all networks of the device share."""
    return lambda at_s: 1 + amplitude * math.sin(2 * math.pi * at_s / period_s + phase)


def bimodal(slow: float, dwell_s: float, share: float, seed: int) -> Factor:
    """A clock that spends `share` of its stretches of `dwell_s` at a lower frequency."""
    return lambda at_s: slow if random.Random(f"{seed}/{int(at_s / dwell_s)}").random() < share else 1.0


def throttling(begin_s: float, slowest: float, ramp_s: float) -> Factor:
    """Full speed, then steadily slower down to `slowest`."""
    return lambda at_s: 1 + (slowest - 1) * min(1.0, max(0.0, (at_s - begin_s) / ramp_s))


@dataclass
class Device:
    """Is a `Clock` and a `RealtimeSwitch`; hands out networks to run."""

    seed: int = 0
    factor: Factor = steady
    jitter: float = 0.002  #: standard deviation of a run's log time
    preemptions_per_s: float = 0.0  #: at normal priority only
    preemption_ms: float = 4.0
    grain_ns: int = 1  #: of the wall clock
    read_cost_ns: int = 50

    now_ns: float = 0.0
    busy_ns: float = 0.0
    waited_ns: float = 0.0
    realtime: bool = False
    #: ("run" | "sleep", realtime, begin, end) in order
    log: list[tuple[str, bool, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def wall_ns(self) -> int:
        self.now_ns += self.read_cost_ns
        self.busy_ns += self.read_cost_ns
        return int(self.now_ns // self.grain_ns) * self.grain_ns

    def cpu_ns(self) -> int:
        return int(self.busy_ns)

    def delay_ns(self) -> int:
        return int(self.waited_ns)

    def sleep(self, duration_s: float) -> None:
        self._pass("sleep", duration_s * 1e9)

    def enter(self) -> None:
        assert not self.realtime
        self.realtime = True

    def leave(self) -> None:
        assert self.realtime
        self.realtime = False

    def network(self, run_ms: float, cold_runs: int = 5, cold_factor: float = 4.0) -> Callable[[], None]:
        """A network whose first runs are slow, the more the earlier."""
        runs = 0

        def run() -> None:
            nonlocal runs
            cold = 1 + (cold_factor - 1) * max(0.0, 1 - runs / cold_runs) if cold_runs else 1.0
            runs += 1
            self._work(run_ms * 1e6 * cold)

        return run

    def _work(self, work_ns: float) -> None:
        noise = math.exp(self.random.gauss(0, self.jitter))
        busy = work_ns * noise * self.factor(self.now_ns / 1e9)
        waited = 0.0 if self.realtime else self._preempted_ns(busy)
        self.busy_ns += busy
        self.waited_ns += waited
        self._pass("run", busy + waited)

    def _preempted_ns(self, busy_ns: float) -> float:
        expected = self.preemptions_per_s * busy_ns / 1e9
        times = int(expected) + (self.random.random() < expected % 1)
        return sum(self.random.expovariate(1 / (self.preemption_ms * 1e6)) for _ in range(times))

    def _pass(self, kind: str, duration_ns: float) -> None:
        begin = self.now_ns
        self.now_ns += duration_ns
        self.log.append((kind, self.realtime, begin, self.now_ns))
