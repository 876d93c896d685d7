"""Building networks: how long a file takes, and that all runtimes compute the same from it.

The networks are all operators of `hurricane` in all their contexts, 50 operators in context of every
other space, and 50 random architectures of each space.
"""

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.agreement import Agreement, agreement
from benchmarks.report import Figure, at_least, at_most, main, reported
from edgemeter.graphs import read_graph
from edgemeter.networks.costs import network_costs
from edgemeter.networks.network import Network
from edgemeter.networks.writing import FileFormat, write
from edgemeter.spaces.registry import find_space, space_names
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import CodeError, Space
from edgemeter.targets import Precision

SEED = 4
TIMED = 40
ARCHITECTURES = OPERATORS = 50
LEAST = {Precision.FP32: 0.9999, Precision.INT8: 0.98}
FORMATS: tuple[FileFormat, ...] = ("onnx", "tflite")


def run(count: int = ARCHITECTURES, operators: int | None = None) -> Sequence[Figure]:
    figures = list(build_times())
    for name in space_names():
        space = find_space(name)
        figures += agreements(f"{name}, operators", list(_operators(space, operators)))
        figures += agreements(f"{name}, architectures", list(architectures(space, count)))
    return figures


def build_times() -> Iterator[Figure]:
    """Process CPU time of one file of `hurricane`; hashing and storing it come on top."""
    space = find_space("hurricane")
    networks = list(architectures(space, TIMED))
    largest = max(_uniform(space), key=lambda network: network_costs(network).parameters)
    for precision in (Precision.FP32, Precision.INT8):
        for form in FORMATS:
            write(networks[0], form, precision)  # imports, and the pool
            times, sizes = zip(*(_timed(each, form, precision) for each in networks), strict=True)
            most, size = _timed(largest, form, precision)
            words = f"{form} {precision} of hurricane, process CPU"
            limits = (150.0, 400.0) if precision is Precision.FP32 else (None, None)
            for text, value, limit in (
                (f"build {words}, median ({fmean(sizes):.0f} MB on average)", median(times), limits[0]),
                (f"build {words}, the largest ({size:.0f} MB)", most, limits[1]),
            ):
                yield at_most(text, value, limit, " ms") if limit else reported(text, value, " ms")


def agreements(words: str, networks: Sequence[Network]) -> Iterator[Figure]:
    """The least agreement of any network. Raises where a file does not cost what was computed."""
    for network in networks:
        _compare_costs(network)
    for precision, least in LEAST.items():
        found: list[Agreement] = [agreement(network, precision) for network in networks]
        if not all(each.finite for each in found):
            raise AssertionError(f"{words}: {precision} values are not finite")
        text = f"{words} ({len(found)}), {precision}"
        yield at_least(
            f"{text}: centred cosine of any two runtimes", min(each.least for each in found), least
        )
        yield at_most(f"{text}: raw cosine of different inputs", max(each.alike for each in found), 0.9, "")


def _compare_costs(network: Network) -> None:
    costs = network_costs(network)
    with TemporaryDirectory() as folder:
        for form in FORMATS:
            file = Path(folder) / f"network.{form}"
            file.write_bytes(write(network, form, Precision.FP32))
            graph = read_graph(file)
            if (graph.macs, graph.parameters) != (costs.macs, costs.parameters) or graph.uncounted:
                raise AssertionError(f"{network.name}: the {form} file does not cost what was computed")


def _timed(network: Network, form: FileFormat, precision: Precision) -> tuple[float, float]:
    """Milliseconds and megabytes."""
    before = time.process_time_ns()
    file = write(network, form, precision)
    return (time.process_time_ns() - before) / 1e6, len(file) / 1e6


def _operators(space: Space, count: int | None) -> Iterator[Network]:
    places = range(len(space.placed))
    if count is None:
        count = len(places) if space.name == "hurricane" else OPERATORS
    for position in random.Random(SEED).sample(places, min(count, len(places))):
        yield space.build_placed(position)


def architectures(space: Space, count: int) -> Iterator[Network]:
    """Random architectures that compute something."""
    for codes in sample(space, 2 * count, SEED):
        if count == 0:
            return
        try:
            network = space.build(codes)
        except CodeError:  # a cell without a path
            continue
        count -= 1
        yield network


def _uniform(space: Space) -> Iterator[Network]:
    """Each operator in all layers."""
    for code in range(len(space.columns[0].choices)):
        yield space.build(np.full(len(space.columns), code, np.uint8))


if __name__ == "__main__":
    main(run)
