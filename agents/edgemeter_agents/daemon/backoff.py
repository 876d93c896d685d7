"""How long to wait after a failure: longer each time, and never the same for all agents."""

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Doubles from `base_s` to `cap_s`. A success resets it.

    The wait is drawn from the upper half of that: agents that lost the same server do not return at once.
    """

    base_s: float
    cap_s: float
    failures: int = 0

    def wait_s(self, draw: random.Random, at_least_s: float = 0.0) -> float:
        """The next wait. `at_least_s` is what the server asked for; it is jittered too, upwards."""
        # An exponent without a bound would overflow after a weekend without a server.
        longest_s = min(self.cap_s, self.base_s * (1 << min(self.failures, 32)))
        self.failures += 1
        return max(longest_s * draw.uniform(0.5, 1.0), at_least_s * draw.uniform(1.0, 1.25))

    def reset(self) -> None:
        self.failures = 0
