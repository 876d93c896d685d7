"""How well a latency repeats another time, and whether the published interval says so honestly.

Sessions of 36 networks, none of them an anchor, lie at least ten minutes apart. In each, every network is
measured in three conditions: idle, real-time beside two busy processes, ordinary priority beside them. The
target has a history before, as one in use has: twelve short sessions of its anchors and four networks.
"""

import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from statistics import fmean

from benchmarks.load import busy
from benchmarks.measuring import measure_files
from benchmarks.networks import VARIED, build
from benchmarks.report import Figure, at_most, main, reported, within
from edgemeter.measurement import Latency, Measurement
from edgemeter.protocols import PRECISE, SURVEY, MeasuringProtocol
from edgemeter_agents.batches.anchor_store import AnchorStore
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.measuring.repeatability import retest_error

SESSIONS = int(os.environ.get("EDGEMETER_BENCH_SESSIONS", "3"))
APART_S = float(os.environ.get("EDGEMETER_BENCH_APART_S", "600"))
HISTORY = int(os.environ.get("EDGEMETER_BENCH_HISTORY", "12"))

#: As `edgemeter measure` does it, in a third of the time: 36 networks in three conditions would take an hour.
THOROUGH = PRECISE.evolve(warmup_s=0.1, min_timed_s=0.3, until_converged=False)


@dataclass(frozen=True)
class Condition:
    name: str
    priority: PriorityWish
    load: Callable[[], AbstractContextManager[None]]
    limit_percent: float


CONDITIONS = (
    Condition("idle", PriorityWish.NORMAL, nullcontext, 1.9),
    Condition("real-time priority, two busy processes", PriorityWish.FIFO, busy, 2.7),
    Condition("contended by two busy processes", PriorityWish.NORMAL, busy, 3.5),
)


Session = Sequence[Latency | None]


def session(
    files: Sequence[Path],
    condition: Condition,
    protocol: MeasuringProtocol,
    store: AnchorStore,
    seed: int,
) -> Session:
    """A latency for each file; None where the host let none be measured, which is a figure of its own."""
    with condition.load():
        measured = measure_files(
            files, "onnxruntime", protocol, store, priority=condition.priority, seed=seed
        )
    _tell(condition, measured)
    return [m.latency for m in measured]


def _tell(condition: Condition, measured: Sequence[Measurement]) -> None:
    invalid = [reason.name for m in measured for reason in m.validity.reasons]
    methods = {m.latency.method for m in measured if m.latency}
    drift = next((m.latency.drift for m in measured if m.latency), None)
    shrinkage = next((m.latency.shrinkage for m in measured if m.latency), None)
    text = f"{len(measured)} networks by {methods}, drift {drift}, s {shrinkage}, invalid {invalid}"
    print(f"{condition.name}: {text}", file=sys.stderr)


def live(files: Sequence[Path], store: AnchorStore) -> None:
    """Gives the target a history under each priority; a contended session would add nothing to it."""
    for seed in range(HISTORY):
        for condition in CONDITIONS[:2]:
            session(files[::9], condition, THOROUGH, store, seed)


def sessions(files: Sequence[Path], store: AnchorStore) -> dict[tuple[str, str], list[Session]]:
    """For each condition and protocol its sessions, each a list of latencies in the order of `files`."""
    found: dict[tuple[str, str], list[Session]] = defaultdict(list)
    began_s: dict[str, float] = {}
    for number in range(SESSIONS):
        for condition in CONDITIONS:
            time.sleep(max(0.0, began_s.get(condition.name, -APART_S) + APART_S - time.monotonic()))
            began_s[condition.name] = time.monotonic()
            for protocol in (THOROUGH, SURVEY):
                series = found[condition.name, protocol.name]
                series.append(session(files, condition, protocol, store, number))
    return found


def errors_percent(series: Sequence[Session]) -> Iterator[float]:
    for before, now in pairwise(series):
        for a, b in _pairs(before, now):
            yield 100 * retest_error(a.value_ms, b.value_ms)


def _pairs(before: Session, now: Session) -> Iterator[tuple[Latency, Latency]]:
    for a, b in zip(before, now, strict=True):
        if a is not None and b is not None:
            yield a, b


def covered(series: Sequence[Session]) -> Iterator[bool]:
    """Whether each later session's value lies inside each earlier one's published interval."""
    for before, now in combinations(series, 2):
        for a, b in _pairs(before, now):
            yield a.interval.low_ms <= b.value_ms <= a.interval.high_ms


def widths_percent(series: Sequence[Session]) -> Iterator[float]:
    for a in filter(None, series[0]):
        yield 100 * (a.interval.high_ms - a.interval.low_ms) / a.value_ms


def run() -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [build(recipe, folder) for recipe in VARIED]
        store = AnchorStore(folder / "state")
        live(files, store)
        found = sessions(files, store)
    missing = sum(latency is None for series in found.values() for each in series for latency in each)
    figures = [figure for condition in CONDITIONS for figure in _figures(condition, found)]
    inside = [hit for (_, protocol), s in found.items() if protocol == THOROUGH.name for hit in covered(s)]
    title = "repeated sessions inside the published 90 % interval"
    return [
        *figures,
        within(title, 100 * _mean(inside), 88, 95, " %"),
        reported("networks that the host let nobody measure, of all sessions", missing, ""),
    ]


def _mean(values: Iterable[float]) -> float:
    """Not a number where a condition let no network be measured twice: no promise holds then."""
    found = list(values)
    return fmean(found) if found else math.nan


def _figures(condition: Condition, found: Mapping[tuple[str, str], list[Session]]) -> Iterator[Figure]:
    series, survey = found[condition.name, THOROUGH.name], found[condition.name, SURVEY.name]
    title = f"retest error, mean of {len(series[0])} networks, {condition.name}"
    yield at_most(title, _mean(errors_percent(series)), condition.limit_percent, " %")
    yield reported(f"{title}, protocol survey", _mean(errors_percent(survey)), " %")
    yield reported(f"inside the 90 % interval, {condition.name}", 100 * _mean(covered(series)), " %")
    hits = 100 * _mean(covered(survey))
    yield reported(f"inside the 90 % interval, {condition.name}, protocol survey", hits, " %")
    width = _mean(widths_percent(series))
    yield reported(f"mean full width of the interval, {condition.name}", width, " %")


if __name__ == "__main__":
    main(run)
