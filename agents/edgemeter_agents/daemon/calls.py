"""When each call to the server is due: one at a time of each kind, later after each failure."""

import random
from dataclasses import dataclass, field

from edgemeter_agents.daemon.backoff import Backoff
from edgemeter_agents.daemon.events import Call


def _backoffs() -> dict[Call, Backoff]:
    usual = {call: Backoff(0.5, 30.0) for call in Call}
    # A lease is short, and what was measured is wanted: these two cannot wait for long.
    return {**usual, Call.RENEW: Backoff(0.5, 4.0), Call.REPORT: Backoff(0.5, 15.0)}


@dataclass(slots=True)
class Calls:
    """Bookkeeping of calls. Nothing is sent here."""

    draw: random.Random
    under_way: set[Call] = field(default_factory=set)
    due_s: dict[Call, float] = field(default_factory=dict)
    backoff: dict[Call, Backoff] = field(default_factory=_backoffs)

    def ready(self, call: Call, now_s: float) -> bool:
        return call not in self.under_way and self.due_s.get(call, now_s) <= now_s

    def begin(self, call: Call) -> None:
        self.under_way.add(call)

    def succeeded(self, call: Call) -> None:
        self.under_way.discard(call)
        self.due_s.pop(call, None)
        self.backoff[call].reset()

    def failed(self, call: Call, now_s: float, retry_after_s: float) -> None:
        self.under_way.discard(call)
        self.due_s[call] = now_s + self.backoff[call].wait_s(self.draw, retry_after_s)

    def not_before(self, call: Call, at_s: float) -> None:
        self.due_s[call] = max(at_s, self.due_s.get(call, at_s))
