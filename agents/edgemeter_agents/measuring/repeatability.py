"""How far apart two sessions lie: a target's quality figure (rule 7) and the spread behind its intervals."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

#: From so many repeats on, a target's own history replaces the stated prior (rule 6).
FEWEST_REPEATS = 10


@dataclass(frozen=True, slots=True)
class Repeat:
    """One network measured in one session. Names and sessions only tell same from different."""

    network: str
    session: str
    latency_ms: float


@dataclass(frozen=True, slots=True)
class SessionSpread:
    """Standard deviation of one session's log latency around the network's own.

    `degrees` of freedom behind an estimate; None for a stated prior.
    """

    deviation: float
    degrees: int | None = None


def retest_error(first_ms: float, second_ms: float) -> float:
    """2 |a - b| / (a + b): a share."""
    return 2 * abs(first_ms - second_ms) / (first_ms + second_ms)


def mean_retest_error(repeats: Iterable[Repeat]) -> float | None:
    """Mean over all pairs of consecutive sessions of the same network; None without any pair."""
    errors = [
        retest_error(before.latency_ms, now.latency_ms)
        for series in _by_network(repeats)
        for before, now in pairwise(series)
    ]
    return fmean(errors) if errors else None


def session_spread(repeats: Iterable[Repeat]) -> SessionSpread | None:
    """The spread within networks, pooled over them; None until there are ten repeats.

    Networks of one session share its drift, so that sessions and not values count as degrees
    of freedom.
    """
    series = [group for group in _by_network(repeats) if len(group) > 1]
    sessions = {repeat.session for group in series for repeat in group}
    if len(sessions) <= FEWEST_REPEATS:
        return None
    squares = sum(_log_squares(group) for group in series)
    variance = squares / sum(len(group) - 1 for group in series)
    return SessionSpread(math.sqrt(variance), len(sessions) - 1)


def _by_network(repeats: Iterable[Repeat]) -> list[list[Repeat]]:
    networks: dict[str, list[Repeat]] = defaultdict(list)
    for repeat in repeats:
        networks[repeat.network].append(repeat)
    return list(networks.values())


def _log_squares(group: list[Repeat]) -> float:
    logs = [math.log(repeat.latency_ms) for repeat in group]
    centre = fmean(logs)
    return sum((value - centre) ** 2 for value in logs)
