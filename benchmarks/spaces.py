"""Costs of many architectures from the tables of their layers, process CPU time.

The naive way is what one would write first, on row-major codes; the two take turns, the median of each
counts, and both must give the same numbers.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Final

import numpy as np

from benchmarks.report import Figure, at_most, main, reported
from edgemeter.spaces.costs import architecture_costs, placed_costs
from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import Codes, Space
from edgemeter.spaces.sums import Numbers, sum_over_layers

MILLION: Final = 1_000_000
SUMS: Final = 10 * MILLION
ROUNDS: Final = 3
LIMIT_S: Final = 0.15
TIMES_FASTER: Final = 8.0


def cpu_s(work: Callable[[], object]) -> float:
    before = time.process_time_ns()
    work()
    return (time.process_time_ns() - before) / 1e9


def macs_and_parameters(space: Space) -> Numbers:
    table = placed_costs(space)
    return np.stack([table.macs, table.parameters], axis=1)


def naive(space: Space, values: Numbers, rows: Codes) -> Numbers:
    """One look-up table a layer, indexed all at once; the fixed parts are left to the caller."""
    table = np.stack([values[layer.placed] for layer in space.layers if layer.columns])
    return np.asarray(table[np.arange(len(table)), rows].sum(axis=1))


def analytic() -> tuple[Figure, ...]:
    figures = []
    for name in ("hurricane", "spos", "hsconas", "multihw"):
        space = find_space(name)
        values, codes = macs_and_parameters(space), sample(space, MILLION, seed=1)
        took = median(cpu_s(partial(sum_over_layers, space, values, codes)) for _ in range(7))
        words = f"multiply-adds and parameters of 1,000,000 {name} architectures"
        known = at_most(words, took, LIMIT_S, " s") if name == "hurricane" else reported(words, took, " s")
        figures.append(known)
    space = Hurricane()
    placed_costs(space)
    codes = sample(space, MILLION, seed=1)
    took = median(cpu_s(partial(architecture_costs, space, codes)) for _ in range(7))
    words = "all six costs, peak memory among them, of 1,000,000 hurricane architectures"
    return (*figures, reported(words, took, " s"))


def against_naive() -> tuple[Figure, ...]:
    space = Hurricane()
    values = placed_costs(space).macs.astype(np.float32)
    codes = sample(space, SUMS, seed=1)
    rows = np.ascontiguousarray(codes)
    fixed = sum(values[int(layer.placed)] for layer in space.layers if not layer.columns)
    if not np.allclose(
        naive(space, values, rows[:1000]) + fixed, sum_over_layers(space, values, codes[:1000])
    ):
        raise AssertionError("the two ways of summing disagree: the comparison would mean nothing")
    times: dict[str, list[float]] = {"columns": [], "rows": [], "naive": [], "naive columns": []}
    for _ in range(ROUNDS):
        times["columns"].append(cpu_s(lambda: sum_over_layers(space, values, codes)))
        times["rows"].append(cpu_s(lambda: sum_over_layers(space, values, rows)))
        times["naive"].append(cpu_s(lambda: naive(space, values, rows)))
        times["naive columns"].append(cpu_s(lambda: naive(space, values, codes)))
    took = {word: median(each) for word, each in times.items()}
    ratio = took["naive"] / took["columns"]
    return (
        Figure(
            "10,000,000 float32 sums: times faster than lut[arange, rows].sum(1)",
            f"{ratio:.3g}",
            f">= {TIMES_FASTER:g}",
            ratio >= TIMES_FASTER,
        ),
        reported("10,000,000 float32 sums, column-major codes", took["columns"], " s"),
        reported("10,000,000 float32 sums, row-major codes", took["rows"], " s"),
        reported("10,000,000 float32 sums the naive way, row-major codes", took["naive"], " s"),
        reported("10,000,000 float32 sums the naive way, column-major codes", took["naive columns"], " s"),
    )


def drawing() -> Figure:
    took = median(cpu_s(lambda: sample(Hurricane(), MILLION, seed=1)) for _ in range(3))
    return reported("drawing 1,000,000 hurricane architectures", took, " s")


def run() -> Sequence[Figure]:
    return (*analytic(), *against_naive(), drawing())


if __name__ == "__main__":
    main(run)
