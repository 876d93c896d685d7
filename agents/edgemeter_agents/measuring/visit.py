"""One job in one visit: its block, and what else the host did meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Self

from edgemeter_agents.measuring.samples import Block


@dataclass(frozen=True, slots=True)
class Load:
    """What the timed stretches of one visit, all its jobs together, lost to others."""

    wall_ns: int
    delay_ns: int  #: run-queue delay of the visit's threads
    steal_ns: int  #: taken from the visit's processors by the host

    @classmethod
    def of_blocks(cls, blocks: Iterable[Block], steal_share: float = 0.0) -> Self:
        """From all blocks of a visit. The kernel counts steal in ticks of 10 ms, too coarse for
        one block: `steal_share` (0..1) is taken over the visit's whole span."""
        samples = [sample for block in blocks for sample in block.samples]
        wall_ns = sum(sample.wall_ns for sample in samples)
        return cls(wall_ns, sum(sample.delay_ns for sample in samples), round(steal_share * wall_ns))

    @property
    def share(self) -> float:
        """(run-queue delay + host steal) / wall: rule 2's disturbance, 0 where nothing was timed."""
        return (self.delay_ns + self.steal_ns) / self.wall_ns if self.wall_ns else 0.0


@dataclass(frozen=True, slots=True)
class Visit:
    """`load` is the whole visit's, the same for all its jobs. `delay_available` is False where
    the kernel tells no run-queue delay: contention then cannot be seen, and is not excluded."""

    block: Block
    load: Load
    delay_available: bool = True

    @property
    def disturbance(self) -> float:
        """The worse of the visit's disturbance and its typical one in this job's own samples.

        The visit's catches what the samples of one job are too short to show; the median of the
        samples catches a burst of load that hit just this job within a quiet visit, and leaves
        single preemptions to the latency's own median. At most 1: delays of several threads add up, and
        kernels that preempt lazily let a thread wait while it reads the clocks, outside the wall time.
        """
        own = median(s.delay_ns / s.wall_ns if s.wall_ns else 0.0 for s in self.block.samples)
        return min(1.0, max(self.load.share, own))
