"""The named, versioned, hashed settings of measuring (rule 3)."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class VisitStart(StrEnum):
    FRESH = "fresh"  #: a new process that loads the runtime itself
    FORKED = "forked"  #: forked from a process that has the runtime loaded but no session


class Statistic(StrEnum):
    """The one statistic that makes a latency of all samples, each visit weighing the same."""

    #: What is undisturbed, on hosts that disturb more than half of the samples and never speed one up.
    LOWER_QUARTILE = "lower_quartile"
    MEDIAN = "median"  #: what most other tools print


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringProtocol:
    """Every number that decides how samples are taken and judged.

    Two measurements are comparable only if their protocols have the same digest: it is part
    of a measurement's key. Shares are fractions (0.01 is 1 %).
    """

    name: str
    version: int
    statistic: Statistic = Statistic.LOWER_QUARTILE

    visits: int  #: interleaved visits of every job
    visit_start: VisitStart

    # Warm-up, after the first inference: ends when all of the first four hold, or at the cap.
    warmup_runs: int
    warmup_s: float
    warmup_window: int  #: median of the last so many samples against the same number before; 0: not asked
    warmup_tolerance: float  #: how far those two medians may differ
    warmup_max_s: float

    # Stopping one block.
    min_samples: int
    min_timed_s: float
    target_half_width: float  #: of the 95 % interval of the median, relative to it: converged
    until_converged: bool  #: False: stop at the minimum; convergence is then only told
    max_timed_s: float
    max_samples: int
    spared_samples: int | None = None  #: so many fewer are the minimum of the visits after the first

    # Short runs are batched, so that the clock's own cost and grain do not matter.
    batch_below_us: float = 100.0
    batch_sample_ms: float = 1.0

    # SCHED_FIFO bursts (rule 5). The kernel stops a processor's real-time threads at 0.95 s in
    # any second; 0.35 s keeps a burst below 0.4 s even when its last sample takes longer.
    burst_s: float = 0.35
    rewarm_samples: int = 2  #: untimed after each rest, as far as they fit into a quarter of a burst

    # Judging.
    contended_share: float = 0.01  #: rule 2
    contended_repeats: int = 3
    trend_limit: float = 0.03  #: Theil-Sen rise over a block
    unstable_range: float = 0.03  #: of the medians of the visits

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all settings, in hex.

        Those that are None are left out: a setting that comes later changes no digest where it is not used.
        """
        used = {key: value for key, value in asdict(self).items() if value is not None}
        text = json.dumps(used, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def evolve(self, **changes: Any) -> "MeasuringProtocol":
        """This protocol with a user's own numbers; its name tells them: `precise+visits=5`.

        Raises TypeError for an unknown setting, ValueError for a value that makes no sense.
        """
        base_name = self.name.partition("+")[0]
        evolved = replace(self, **changes)
        base = asdict(PROTOCOLS.get(base_name, self))
        own = {key: value for key, value in asdict(evolved).items() if key != "name" and value != base[key]}
        return replace(evolved, name="+".join([base_name, *(f"{key}={value}" for key, value in own.items())]))

    def of_visit(self, number: int) -> "MeasuringProtocol":
        """As one visit, counted from 0, makes it. One beyond `visits` may repeat any, and spares nothing."""
        if self.spared_samples is None or not 0 < number < self.visits:
            return self
        return replace(self, min_samples=max(1, self.min_samples - self.spared_samples))

    def __post_init__(self) -> None:
        for setting in ("visits", "min_samples", "max_samples", "max_timed_s", "warmup_max_s", "burst_s"):
            if getattr(self, setting) <= 0:
                raise ValueError(f"{setting} of protocol {self.name!r} must be above 0")
        if self.burst_s >= 0.4:
            raise ValueError("burst_s must stay below 0.4 s: the kernel stalls longer real-time bursts")
        if self.max_samples < self.min_samples:
            raise ValueError("max_samples must not be below min_samples")


PRECISE = MeasuringProtocol(
    name="precise",
    version=1,
    visits=3,
    visit_start=VisitStart.FRESH,
    warmup_runs=10,
    warmup_s=0.5,
    warmup_window=5,
    warmup_tolerance=0.05,
    warmup_max_s=10.0,
    min_samples=50,
    min_timed_s=1.0,
    target_half_width=0.01,
    until_converged=True,
    # A minute over the three visits: a host too unsteady to converge in it would not in ten.
    max_timed_s=20.0,
    max_samples=10_000,
)

SURVEY = MeasuringProtocol(
    name="survey",
    version=2,
    visits=3,
    visit_start=VisitStart.FORKED,
    # Three with the first inference: the fourth and later of the study's raw runs differ by under 1 %.
    warmup_runs=2,
    warmup_s=0.005,
    warmup_window=0,
    warmup_tolerance=0.05,
    warmup_max_s=10.0,
    # 16 in three visits; 10 ms give a network of 0.2 ms fifty in each.
    min_samples=6,
    spared_samples=1,
    min_timed_s=0.010,
    target_half_width=0.01,
    until_converged=False,
    max_timed_s=60.0,
    max_samples=10_000,
)

PROTOCOLS = {protocol.name: protocol for protocol in (PRECISE, SURVEY)}


def versioned(name: str, version: int) -> str:
    """A protocol's name with its version: `survey 2`, `survey 2+visits=5`."""
    base_name, plus, own = name.partition("+")
    return f"{base_name} {version}{plus}{own}"
