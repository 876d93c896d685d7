"""The measured HURRICANE space beside the checkout: an operator table, 130 architectures, raw runs.

A label is what EdgeMeter publishes: the lower quartile of the runs of both visits. `corrected` also
divides by the anchors' common drift of the batch, shrunk by what two anchors that disagree can know of
it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.counting import position_of
from edgemeter.spaces.hurricane import OPERATORS
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.space import Space
from edgemeter_predictors.data import OperatorTable, SpaceData

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = tuple(FOLDER / f"hurricane_x86_{name}.parquet" for name in ("operators", "architectures"))
ANCHORS = ("A0", "A1")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measurements:
    """`kinds` (n,): uniform, wide or t1 (the paper's CPU space). `labels` by their name."""

    kinds: NDArray[np.str_]
    labels: dict[str, SpaceData]


def present() -> bool:
    return all(file.exists() for file in FILES)


def measurements() -> Measurements:
    space = find_space("hurricane")
    table = _table(space)
    runs = _columns(FILES[1])
    runs["wall_us"], runs["thread_cpu_us"] = runs["wall_us"] / 1e3, runs["thread_cpu_us"] / 1e3
    names = [name for name in dict.fromkeys(runs["id"]) if name not in ANCHORS]
    first = {name: int(np.argmax(runs["id"] == name)) for name in names}
    codes = [[OPERATORS.index(word) for word in runs["arch"][first[name]].split()] for name in names]
    quartile = np.array([_quartile(runs["wall_us"][runs["id"] == name]) for name in names])
    drift = _drift(runs)
    batch = [int(runs["batch"][first[name]]) for name in names]
    corrected = quartile / np.array([1 + drift[number] for number in batch])
    contended = np.array([np.median(runs["thread_cpu_us"][runs["id"] == name]) for name in names])
    contended = contended * _contention(np.array(batch))
    rows = np.asfortranarray(codes, np.uint8)
    labels = {"fifo": corrected, "fifo, not corrected": quartile, "contended": contended}
    data = {name: SpaceData(space, rows, label, table) for name, label in labels.items()}
    return Measurements(np.array([runs["kind"][first[name]] for name in names]), data)


def visit_scatter() -> float:
    """Median relative difference of two visits' lower quartiles, minutes apart: what labels scatter at
    least.
    """
    runs = _columns(FILES[1])
    apart = []
    for name in dict.fromkeys(runs["id"]):
        of = runs["id"] == name
        visits = [
            _quartile(runs["wall_us"][of & (runs["visit"] == visit)])
            for visit in np.unique(runs["visit"][of])
        ]
        apart.append(abs(visits[0] / visits[-1] - 1))
    return float(np.median(apart))


def _table(space: Space) -> OperatorTable:
    runs = _columns(FILES[0])
    latency_ms, error = np.full((2, len(space.placed)), np.nan)
    for key in dict.fromkeys(runs["id"]):
        of = runs["id"] == key
        sessions = [_quartile(runs["wall_us"][of & (runs["session"] == number)]) / 1e3 for number in (1, 2)]
        position = position_of(space, key)
        latency_ms[position] = np.mean(sessions)
        error[position] = np.std(sessions, ddof=1) / np.mean(sessions)
    return OperatorTable(latency_ms, error)


def _drift(runs: dict[str, Any]) -> dict[int, float]:
    """By batch; the share of what the anchors show that both have in common."""
    batches = np.unique(runs["batch"])
    moved = np.array([[_of_batch(runs, anchor, number) for anchor in ANCHORS] for number in batches])
    moved = moved / np.nanmean(moved, axis=0) - 1
    both = moved[~np.isnan(moved).any(axis=1)]
    common = max(np.cov(both.T)[0, 1], 0.0)
    share = common / (common + np.var(both[:, 0] - both[:, 1]) / 4)
    return {int(number): float(share * np.nanmean(row)) for number, row in zip(batches, moved, strict=True)}


def _of_batch(runs: dict[str, Any], anchor: str, batch: int) -> float:
    values = runs["wall_us"][(runs["id"] == anchor) & (runs["batch"] == batch)]
    return _quartile(values) if len(values) else float("nan")


def _contention(batch: NDArray[np.int64], seed: int = 0) -> Array:
    """Factors as a busy host has them: a drift of 2.5 % that wanders from batch to batch, 2.5 % on each
    label.
    """
    rng = np.random.default_rng(seed)
    wander = np.cumsum(rng.standard_normal(batch.max() + 1))
    drift = 0.025 * (wander - wander.mean()) / wander.std()
    factors: Array = np.exp(drift[batch] + 0.025 * rng.standard_normal(len(batch)))
    return factors


def _quartile(values: Array) -> float:
    return float(np.quantile(values, 0.25))


def _columns(file: Path) -> dict[str, Any]:
    from pyarrow import parquet

    return {name: np.array(values) for name, values in parquet.read_table(file).to_pydict().items()}
