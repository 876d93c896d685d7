"""Estimates without a predictor: how far they err, and how often their intervals hold.

Measured networks are CNNs of MobileMLBench, on every third of its settings; those asked are other CNNs, and
its transformers, none of which was measured. Bytes of weights (`size`) stand for parameters. The floor of the
deviation was chosen while looking at these data.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.predictors.small_spaces import FOLDER
from benchmarks.report import Figure, main, reported
from edgemeter_predictors.analytic import fit_analytic

Array = NDArray[np.float64]
FILE = FOLDER / "mobilemlbench_e2e.parquet"
NETWORKS, ASKED, EVERY = (5, 10, 30), 60, 3


class Network(NamedTuple):
    macs: float
    parameters: float
    latency_ms: float


def settings() -> dict[str, dict[str, Array]]:
    """By setting and kind of network, a row for each."""
    found: dict[str, dict[str, list[Network]]] = defaultdict(lambda: defaultdict(list))
    for row in pq.read_table(FILE, filters=[("metric", "=", "latency")]).to_pylist():
        told, value = json.loads(row["arch"]), row["value"]
        if told.get("flops") and told.get("size") and value is not None and value > 0:
            kind = "same" if told["kind"] == "cnn" else "another"
            found[row["device"]][kind].append(Network(told["flops"], told["size"], value))
    return {name: {kind: np.array(rows) for kind, rows in kinds.items()} for name, kinds in found.items()}


def run() -> Sequence[Figure]:
    if not FILE.exists():
        print(f"{FILE} is not there: analytic estimates are not judged", file=sys.stderr)
        return []
    chosen = list(settings().values())[::EVERY]
    return [figure for count in NETWORKS for figure in judged(chosen, count)]


def judged(chosen: Sequence[dict[str, Array]], count: int) -> Iterator[Figure]:
    generator = np.random.default_rng(0)
    errors: dict[str, list[float]] = defaultdict(list)
    held: dict[str, list[float]] = defaultdict(list)
    factors = []
    for kinds in chosen:
        same = generator.permutation(kinds.get("same", np.empty((0, 3))))
        if len(same) < count + 20:
            continue
        fitted = fit_analytic(*same[:count].T)
        asked = {"same": same[count : count + ASKED], "another": kinds.get("another", same[:0])}
        for kind, (macs, parameters, measured_ms) in ((kind, rows.T) for kind, rows in asked.items()):
            estimated_ms = fitted.latency_ms(macs, parameters)
            interval = fitted.interval(estimated_ms, 0.9)
            held[kind] += ((interval.low_ms <= measured_ms) & (measured_ms <= interval.high_ms)).tolist()
            errors[kind] += np.abs(estimated_ms / measured_ms - 1).tolist()
            factors += (interval.high_ms[:1] / estimated_ms[:1]).tolist()
    for kind in held:
        name = f"analytic, from {count} networks, of {kind} kind ({len(held[kind])})"
        yield reported(f"{name}: median error", 100 * float(np.median(errors[kind])), " %")
        yield reported(f"{name}: in the 90 % interval", 100 * float(np.mean(held[kind])), " %")
    yield reported(
        f"analytic, from {count} networks: median of the intervals' factors", float(np.median(factors)), ""
    )


if __name__ == "__main__":
    main(run)
