"""How fast predictors are fitted and evaluated, against the libraries and against reading the codes once.

Process CPU time of one thread, the least of a few turns. Set the BLAS libraries to one thread before
(`OMP_NUM_THREADS=1`): with more, CPU time counts their waiting. The space is `hurricane`; costs are
drawn, since speed does not depend on them.
"""

import time
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import BayesianRidge as Reference

from benchmarks.report import Figure, at_most, main, reported
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import Codes
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.data import OperatorTable, SpaceData
from edgemeter_predictors.evaluation.bulk import Bulk, compiled_loops
from edgemeter_predictors.lut import Lut

ARCHITECTURES = 10_000_000
WITH_STD, STD_REFERENCE = 400_000, 20_000
FITTED, FIT_REFERENCE = 200_000, 200_000
TURNS = 3


def cpu_s(work: Callable[[], object], turns: int = TURNS) -> float:
    """The least CPU time of a few turns; what the first one makes for later ones (compiled code,
    tables) is not in it.
    """
    best = float("inf")
    for _ in range(turns):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best


def table_model() -> Additive:
    space = find_space("hurricane")
    latency_ms = np.random.default_rng(0).uniform(0.1, 3.0, len(space.placed))
    table = OperatorTable(latency_ms, np.full(len(latency_ms), 0.02))
    nothing = np.zeros((0, len(space.columns)), np.uint8)
    return Lut("sum").fit(SpaceData(space, nothing, np.empty(0), table))


def additive_figures() -> list[Figure]:
    fitted = table_model()
    codes = sample(fitted.space, ARCHITECTURES, seed=1)
    decided = [table for term, table in zip(fitted.terms, fitted.tables(), strict=True) if term.columns]
    lut, columns = np.array(decided), np.arange(len(decided))
    rows = np.ascontiguousarray(codes)
    naive = cpu_s(lambda: lut[columns, rows].sum(1), turns=1)
    read = cpu_s(lambda: codes.T.reshape(-1).view(np.uint64).sum())
    name = f"{ARCHITECTURES:,} hurricane architectures, lut,"
    figures = [reported(f"{name} lut[ar, R].sum(1)", naive, " s"), reported(f"{name} reading", read, " s")]
    for kind, loops, limit in (("numpy", None, 15.0), ("numba", compiled_loops(), 5.0)):
        if kind == "numba" and loops is None:
            continue
        bulk = Bulk(fitted, loops)
        bulk.latency_ms(codes[:100_000])
        took = cpu_s(lambda bulk=bulk: bulk.latency_ms(codes))  # type: ignore[misc]
        figures += [
            reported(f"{name} {kind}", took, " s"),
            at_least(f"{name} {kind}, against lut[ar, R].sum(1)", naive / took, 8, "x"),
            at_most(f"{name} {kind}, against reading", took / read, limit, "x"),
            at_most(f"{name} {kind}, memory beside the output", extra_mb(bulk, codes), 64, " MB"),
        ]
    row = codes[7].copy()
    one = Bulk(fitted, None)
    one.one(row)
    figures.append(
        at_most("one architecture, lut", 100 * cpu_s(lambda: [one.one(row) for _ in range(10_000)]), 5, " us")
    )
    return figures


def extra_mb(bulk: Bulk, codes: Codes) -> float:
    """The most that is held beside the float32 output. numpy and Python tell tracemalloc what they take."""
    tracemalloc.start()
    bulk.latency_ms(codes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - 4 * len(codes)) / 1e6


def ridge_figures() -> list[Figure]:
    """Bayesian ridge on 640 one-hot features: the fit, a measurement more, and predictions with deviation."""
    space = find_space("hurricane")
    codes = sample(space, FITTED, seed=2)
    rng = np.random.default_rng(3)
    weights = rng.uniform(0.1, 2.0, (len(space.columns), len(space.columns[0].choices)))
    latency_ms = 5 + weights[np.arange(len(weights)), codes].sum(axis=1) + 0.3 * rng.standard_normal(FITTED)
    data, model = SpaceData(space, codes, latency_ms), BayesianRidge()
    features = one_hot(codes)
    reference = Reference()
    theirs = cpu_s(lambda: reference.fit(features, latency_ms), turns=1)
    ours = cpu_s(lambda: model.fit(data))
    known, fitted = model.statistics(data), model.fit(data)
    more = cpu_s(lambda: known.plus(codes[:1], latency_ms[:1]), turns=50)
    asked = sample(space, WITH_STD, seed=4)
    few = asked[:STD_REFERENCE]
    mean, std = reference.predict(one_hot(few), return_std=True)
    prediction = fitted.predict(few[:2_000])
    apart = (
        np.max(np.abs(prediction.mean_ms / mean[:2_000] - 1)),
        np.max(np.abs(prediction.std_ms / std[:2_000] - 1)),
    )
    name = f"bayesian_ridge, {FITTED:,} x {features.shape[1]} one-hot:"
    figures = [
        reported(f"{name} fit", ours, " s"),
        at_least(f"{name} fit, against scikit-learn", theirs / ours, 100, "x"),
        at_most(f"{name} largest relative difference of predictions", float(apart[0]), 1e-9, ""),
        at_most(f"{name} largest relative difference of deviations", float(apart[1]), 1e-9, ""),
        at_most(f"{name} one measurement more", 1e3 * more, 1, " ms"),
    ]
    few_features = one_hot(few)
    theirs = cpu_s(lambda: reference.predict(few_features, return_std=True)) / len(few)
    for kind, loops, limit in (("numpy", None, 6.0), ("numba", compiled_loops(), 80.0)):
        if kind == "numba" and loops is None:
            continue
        bulk = Bulk(fitted, loops)
        bulk.latency_and_std_ms(asked[:10_000])
        took = cpu_s(lambda bulk=bulk: bulk.latency_and_std_ms(asked)) / len(asked)  # type: ignore[misc]
        name = f"with deviation, {kind}:"
        figures.append(reported(f"{name} an architecture", 1e6 * took, " us"))
        figures.append(at_least(f"{name} against predict(return_std=True)", theirs / took, limit, "x"))
    return figures


def one_hot(codes: Codes) -> NDArray[np.float64]:
    choices = 32
    features = np.zeros((len(codes), codes.shape[1] * choices))
    rows = np.arange(len(codes))
    for column in range(codes.shape[1]):
        features[rows, column * choices + codes[:, column].astype(np.intp)] = 1.0
    return features


def at_least(name: str, value: float, limit: float, unit: str) -> Figure:
    return Figure(name, f"{value:.3g}{unit}", f">= {limit:g}{unit}", value >= limit)


def run() -> Sequence[Figure]:
    return [*additive_figures(), *ridge_figures()]


if __name__ == "__main__":
    main(run)
