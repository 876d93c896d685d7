"""How often a token may call: a minute's worth at once, then evenly."""

MAX_TOKENS = 10_000
_MINUTE_S = 60.0


class Rates:
    """For each token the instant by which its calls so far would be spread evenly (a leaky bucket).

    Written here because the caller gives the time: the libraries for it bring a clock and a thread
    of their own, which a simulation cannot replace.
    """

    def __init__(self) -> None:
        self._spread_until_s: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._spread_until_s)

    def wait_s(self, token_id: int, per_minute: int, now_s: float) -> float:
        """0: the call may be made, and counts. Else how long to wait; it does not count."""
        until_s = max(self._spread_until_s.get(token_id, now_s), now_s) + _MINUTE_S / per_minute
        if until_s - now_s > _MINUTE_S:
            return until_s - now_s - _MINUTE_S
        if len(self._spread_until_s) >= MAX_TOKENS:
            self._drop_idle(now_s)
        self._spread_until_s[token_id] = until_s
        return 0.0

    def _drop_idle(self, now_s: float) -> None:
        self._spread_until_s = {key: until for key, until in self._spread_until_s.items() if until > now_s}
