"""Real-time bursts with equal rests (rule 5)."""

from dataclasses import dataclass
from typing import Protocol, Self

from edgemeter_agents.measuring.realtime import RealtimeSwitch
from edgemeter_agents.measuring.samples import Clock


class Pace(Protocol):
    """How a block's samples are spread over time; entered around all of them."""

    realtime: bool

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def make_room(self, expected_ns: float, /) -> bool:
        """Called before a sample that is expected to take so long; True if it rested first."""
        ...


class Unhurried:
    """Normal priority: one sample after the other."""

    realtime = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def make_room(self, _expected_ns: float, /) -> bool:
        return False


@dataclass(slots=True)
class RestDebt:
    """Real-time spent and not yet rested. One for all blocks of a visit lets short blocks share
    a rest: whatever passes between two blocks at normal priority counts as rest too."""

    owed_ns: int = 0
    left_ns: int | None = None  #: when real-time priority was last left

    def settle(self, clock: Clock) -> None:
        """Sleeps off what is still owed."""
        self.pass_time(clock.wall_ns())
        if self.owed_ns > 0:
            clock.sleep(self.owed_ns / 1e9)
        self.owed_ns = 0

    def pass_time(self, now_ns: int) -> None:
        if self.left_ns is not None:
            self.owed_ns = max(0, self.owed_ns - (now_ns - self.left_ns))
            self.left_ns = now_ns


class Bursts:
    """Real-time priority for at most `burst_s` at a time, then asleep for as long."""

    realtime = True

    def __init__(self, clock: Clock, switch: RealtimeSwitch, burst_s: float, debt: RestDebt) -> None:
        self._clock = clock
        self._switch = switch
        self._burst_ns = burst_s * 1e9
        self._debt = debt
        self._entered_ns = 0

    def __enter__(self) -> Self:
        self._debt.pass_time(self._clock.wall_ns())
        self._enter()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def make_room(self, expected_ns: float, /) -> bool:
        spent = self._debt.owed_ns + self._clock.wall_ns() - self._entered_ns
        if spent + expected_ns <= self._burst_ns:
            return False
        self._leave()
        self._debt.settle(self._clock)
        self._enter()
        return True

    def _enter(self) -> None:
        self._entered_ns = self._clock.wall_ns()
        self._switch.enter()

    def _leave(self) -> None:
        self._switch.leave()
        self._debt.left_ns = self._clock.wall_ns()
        self._debt.owed_ns += self._debt.left_ns - self._entered_ns
