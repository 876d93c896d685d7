"""`make bench`: every promised figure as one table, or one JSON document with `--json`."""

from collections.abc import Sequence

from benchmarks import (
    builders,
    campaigns,
    campaigns_by_target,
    fronts,
    graph_features,
    retest,
    runtime_tools,
    spaces,
    survey_overhead,
)
from benchmarks.predictors import accuracy, analytic, bulk, kernels, kernels_active, rest, small_spaces, speed
from benchmarks.report import Figure, main
from benchmarks.service import leases, memory, reports, turnaround

SERVICE = (leases, reports, turnaround, memory)
FIRST = (graph_features, spaces, builders, fronts, speed, bulk, rest, accuracy, small_spaces, analytic)
LAST = (campaigns, campaigns_by_target, kernels, kernels_active, retest)
BENCHMARKS = (*FIRST, survey_overhead, runtime_tools, *SERVICE, *LAST)


def run() -> Sequence[Figure]:
    figures: list[Figure] = []
    for benchmark in BENCHMARKS:
        figures += benchmark.run()
    return figures


if __name__ == "__main__":
    main(run)
