"""When a block has enough samples."""

from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.measuring.confidence import relative_half_width
from edgemeter_agents.measuring.samples import Sample

#: Between two looks at the interval the number of samples grows by this factor: sorting after
#: every sample would cost more than small networks do, and chill their caches.
LOOK_GROWTH = 1.25


class Stopping:
    """Collects timed samples and tells when to stop."""

    def __init__(self, protocol: MeasuringProtocol) -> None:
        self._protocol = protocol
        self._wall_ns = 0
        self._next_look = protocol.min_samples
        self.samples: list[Sample] = []
        self.finished = False

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._wall_ns += sample.wall_ns
        self.finished = self._capped or self._enough()

    @property
    def _capped(self) -> bool:
        protocol = self._protocol
        return len(self.samples) >= protocol.max_samples or self._wall_ns >= protocol.max_timed_s * 1e9

    def _enough(self) -> bool:
        protocol, taken = self._protocol, len(self.samples)
        if taken < self._next_look or self._wall_ns < protocol.min_timed_s * 1e9:
            return False
        self._next_look = int(taken * LOOK_GROWTH) + 1
        return not protocol.until_converged or self.converged

    @property
    def converged(self) -> bool:
        walls = [sample.wall_ns for sample in self.samples]
        return relative_half_width(walls) <= self._protocol.target_half_width
