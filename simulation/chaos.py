"""What goes wrong, and when: everything that is random, from one seed."""

import random
from collections import Counter
from dataclasses import dataclass, field, replace

UNDISTURBED_S = 0.001


@dataclass(frozen=True, slots=True)
class Odds:
    """Shares of calls, and rates an hour. Until `until_s` of virtual time; afterwards nothing goes wrong."""

    until_s: float
    lose_call: float = 0.01  #: it never arrives
    lose_reply: float = 0.02  #: done, but nobody hears of it
    repeat_call: float = 0.01  #: it arrives twice
    delay_s: float = 0.2  #: mean, each way
    stall: float = 0.003  #: delayed beyond a lease
    server_kill_at_point: float = 0.0003  #: at each fault point that is passed
    agent_kills_an_hour: float = 2.5  #: of each agent
    agent_leaves: float = 0.2  #: instead of being killed: told to stop, in order
    disk_full: float = 0.0005  #: of units of work that write
    measuring_fails: float = 0.1
    slow_download: float = 0.05  #: of batches, up to more than a lease
    report_held_up: float = 0.005  #: for longer than a lease

    def times(self, rough: float) -> "Odds":
        return replace(
            self,
            lose_call=self.lose_call * rough,
            lose_reply=self.lose_reply * rough,
            repeat_call=self.repeat_call * rough,
            stall=self.stall * rough,
            server_kill_at_point=self.server_kill_at_point * rough,
            agent_kills_an_hour=self.agent_kills_an_hour * rough,
            report_held_up=self.report_held_up * rough,
        )


@dataclass
class Chaos:
    """Asked at each place where something may go wrong. Counts what it did."""

    draw: random.Random
    odds: Odds
    happened: Counter[str] = field(default_factory=Counter)

    def strikes(self, what: str, share: float, now_s: float) -> bool:
        if now_s >= self.odds.until_s or self.draw.random() >= share:
            return False
        self.happened[what] += 1
        return True

    def delay_s(self, now_s: float, longest_s: float) -> float:
        """Nothing is late any more when faults have stopped."""
        left_s = self.odds.until_s - now_s
        if left_s <= 0:
            return UNDISTURBED_S
        if self.strikes("stalled", self.odds.stall, now_s):
            return min(left_s, self.draw.uniform(1, 2) * longest_s)
        return min(left_s, self.draw.expovariate(1 / self.odds.delay_s))
