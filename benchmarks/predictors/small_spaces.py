"""Predictors on public data sets: NAS-Bench-201 cells, a new device from few of them, and sums of operators.

Everything is chosen, tuned and calibrated within the training part. Without the data beside the checkout
nothing is measured, and that is said.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from benchmarks.report import Figure, at_most, main, reported, within
from edgemeter.spaces.registry import find_space
from edgemeter_predictors.commands.tidy_files import TidyFile, codes_of
from edgemeter_predictors.data import Rows, SpaceData
from edgemeter_predictors.evaluating import Evaluation, evaluate, source, split
from edgemeter_predictors.gaussian_process import GaussianProcess
from edgemeter_predictors.judging.cross_validation import cross_validate
from edgemeter_predictors.judging.errors import errors
from edgemeter_predictors.judging.figures import Errors
from edgemeter_predictors.models import find_model
from edgemeter_predictors.overhead import OperatorData, OperatorSums, Overhead
from edgemeter_predictors.selection import select
from edgemeter_predictors.transferred import Source

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"
CELLS = FOLDER / "help_nasbench201.parquet"
BASELINES = ("linear", "bayesian_ridge", "random_forest", "gradient_boosting")
READINGS = ("as written", "pruned", "unread")
TRAINING, SOURCE_ROWS, ASKED = 900, 350, 2_000
FEW = {10: (0.962, 6.0), 50: (0.976, 4.2)}
SEEDS = range(2)
#: Networks that a first predictor knows, those and all that it chooses among, and how many it ends with.
START, POOL, END = 20, 500, 50
CHOOSING_SEEDS = range(4)
AIMED_AT = {"raspi4": 10.0, "pixel3": 10.0}
SUMS = {"tflite|pixel4|gpu|float": 2.2, "tflite|s10|gpu|float": 4.4}


@cache
def cells() -> dict[str, SpaceData]:
    """Of each device."""
    space, file = find_space("nasbench201"), TidyFile(CELLS)
    devices = sorted(set(pq.read_table(CELLS, columns=["device"])["device"].cast("string").to_pylist()))
    return {
        device: SpaceData(space, codes_of(space, column.texts), column.latency_ms)
        for device in devices
        for column in [file.column(device)]
    }


def read(data: SpaceData, reading: str) -> SpaceData:
    codes = data.codes if reading == "as written" else data.space.compiled(data.codes)[reading]
    return SpaceData(data.space, codes, data.latency_ms)


def settings(device: str, data: SpaceData) -> Iterator[Figure]:
    """`auto` against every baseline in every reading of the codes."""
    known, asked = split(data, TRAINING, 0)
    found, _ = evaluate(find_model("auto"), known, asked)
    errors = {
        f"{name}, {reading}": evaluate(find_model(name), read(known, reading), read(asked, reading))[
            0
        ].mape_percent
        for name in BASELINES
        for reading in READINGS
    }
    best = min(errors, key=errors.__getitem__)
    name = f"NAS-Bench-201, {device}"
    yield at_most(
        f"{name}: MAPE over the best of 12 baselines ({best})", found.mape_percent - errors[best], 0.2, ""
    )
    if device in AIMED_AT:
        yield at_most(f"{name}: MAPE", found.mape_percent, AIMED_AT[device], " %")
    else:
        yield reported(f"{name}: MAPE", found.mape_percent, " %")
    yield reported(f"{name}: covered of 90 %", found.coverage_90_percent, " %")
    yield reported(f"{name}: fit, CPU", found.fit_cpu_s, " s")


def hardware(device: str) -> str:
    """In this data set a batch size is a suffix."""
    return re.sub(r"_\d+$", "", device)


@cache
def sources() -> dict[str, Source]:
    """Of each device."""
    return {name: source(name, data, GaussianProcess(), SOURCE_ROWS, 1_000) for name, data in cells().items()}


def others(device: str) -> tuple[Source, ...]:
    return tuple(each for name, each in sources().items() if hardware(name) != hardware(device))


def few_shot() -> Iterator[Figure]:
    for count, (spearman, mape) in FEW.items():
        found = {name: few(name, count) for name in cells()}
        flat = [each for of_device in found.values() for each in of_device]
        name = f"few-shot, {count} networks, {len(found)} settings x {len(SEEDS)} seeds"
        mean = float(np.mean([each.spearman for each in flat]))
        yield Figure(f"{name}: Spearman", f"{mean:.4f}", f">= {spearman:g}", mean >= spearman)
        yield at_most(f"{name}: MAPE", float(np.mean([each.mape_percent for each in flat])), mape, " %")
        covered = float(np.mean([each.coverage_90_percent for each in flat]))
        yield within(f"{name}: covered of 90 %, pooled", covered, 88, 95, " %")
        worst = max(found, key=lambda device: np.mean([each.mape_percent for each in found[device]]))
        worst_mape = float(np.mean([each.mape_percent for each in found[worst]]))
        yield reported(f"{name}: MAPE of the worst ({worst})", worst_mape, " %")


def few(device: str, count: int) -> list[Evaluation]:
    found = []
    for seed in SEEDS:
        known, asked = split(cells()[device], count, seed)
        found.append(evaluate(find_model("auto", others(device)), known, asked.select(np.arange(ASKED)))[0])
    return found


def choosing() -> Iterator[Figure]:
    """From some random networks on, the next ones chosen or drawn; errors on networks held out of both."""
    pairs = [chosen_and_drawn(device, seed) for device in cells() for seed in CHOOSING_SEEDS]
    for number, way in enumerate(("chosen", "drawn at random")):
        title = f"gaussian_process, networks {START + 1} to {END} {way}"
        found = [pair[number] for pair in pairs]
        yield reported(f"{title}: MAPE", float(np.mean([each.mape_percent for each in found])), " %")
        yield reported(f"{title}: Spearman", float(np.mean([each.spearman for each in found])), "")
    better = [chosen.mape_percent < drawn.mape_percent for chosen, drawn in pairs]
    yield reported(f"gaussian_process: chosen are better in, of {len(pairs)}", float(np.sum(better)), "")


def chosen_and_drawn(device: str, seed: int) -> tuple[Errors, Errors]:
    model = GaussianProcess()
    pool, asked = split(cells()[device], POOL, seed)
    asked = asked.select(np.arange(ASKED))
    first = model.fit(pool.select(np.arange(START)))
    picked = START + select(first, pool.codes[START:], END - START).rows

    def judged(rows: Rows) -> Errors:
        return errors(model.fit(pool.select(rows)).predict(asked.codes).mean_ms, asked.latency_ms)

    return judged(np.append(np.arange(START), picked)), judged(np.arange(END))


def operator_data(device: str) -> OperatorData:
    """Kinds are types with kernel and resolution; those, and types with their kernel, are the groups."""
    rows = pq.read_table(FOLDER / "mobilemlbench_ops_gpu.parquet")
    rows = rows.filter(pc.equal(rows["device"].cast("string"), device))
    names, texts = rows["arch_id"].cast("string").to_pylist(), rows["arch"].cast("string").to_pylist()
    whole = _measured(device)
    kept = [n for n, name in enumerate(names) if name in whole]
    networks = sorted({names[n] for n in kept})
    words = [_words(text) for text in texts]
    kinds = sorted({words[n] for n in kept})
    sums, counts = np.zeros((2, len(networks), len(kinds)))
    values = rows["value"].to_numpy()
    for n in kept:
        place = networks.index(names[n]), kinds.index(words[n])
        sums[place] += values[n]
        counts[place] += 1
    groups = tuple(_numbers([key(kind) for kind in kinds]) for key in (_type, _type_and_kernel, _resolution))
    latency_ms = np.array([whole[name] for name in networks])
    return OperatorData(OperatorSums(sums, counts, groups), latency_ms)


def operator_sums() -> Iterator[Figure]:
    for device, limit in SUMS.items():
        data = operator_data(device)
        held_out = [cross_validate(Overhead(), data, seed=seed) for seed in SEEDS]
        mape = 100 * float(np.mean([np.abs(each.mean_ms / each.latency_ms - 1) for each in held_out]))
        name = f"mobilemlbench, {device}, {len(data)} networks"
        yield at_most(f"{name}: sum and learned overhead, MAPE", mape, limit, " %")
        alone = 100 * float(np.mean(np.abs(data.operators.total_ms / data.latency_ms - 1)))
        yield reported(f"{name}: the sum alone, MAPE", alone, " %")


def _measured(device: str) -> dict[str, float]:
    rows = pq.read_table(FOLDER / "mobilemlbench_e2e.parquet")
    chosen = pc.and_(
        pc.equal(rows["device"].cast("string"), device), pc.equal(rows["metric"].cast("string"), "latency")
    )
    rows = rows.filter(chosen)
    return dict(zip(rows["arch_id"].cast("string").to_pylist(), rows["value"].to_pylist(), strict=True))


def _words(text: str) -> tuple[str, str, int]:
    """Type, kernel and class of resolution of `OP {shape ...}`."""
    shape = json.loads((text.partition(" ")[2] or "{}").replace("'", '"'))
    digits = re.match(r"\d+", str(shape.get("Input_shape", "")))
    size = int(digits.group()) if digits else 0
    return text.partition(" ")[0], str(shape.get("Kernel", "")), int(np.digitize(size, [1, 8, 15, 29, 57]))


def _type(kind: tuple[str, str, int]) -> str:
    return kind[0]


def _type_and_kernel(kind: tuple[str, str, int]) -> str:
    return f"{kind[0]} {kind[1]}"


def _resolution(kind: tuple[str, str, int]) -> str:
    return str(kind[2])


def _numbers(words: list[str]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.unique(words, return_inverse=True)[1].astype(np.intp)


def run() -> Sequence[Figure]:
    if not CELLS.exists():
        print(f"{CELLS.name} is not beside this checkout: nothing measured", file=sys.stderr)
        return []
    with threadpool_limits(1):
        figures = [*operator_sums(), *few_shot(), *choosing()]
        for device, data in cells().items():
            figures += settings(device, data)
    return figures


if __name__ == "__main__":
    main(run)
