"""Kernel campaigns that choose what to measure, against those that go on as drawn.

From campaigns that were measured here: predictors of some of their networks choose among the others. Errors
are those of the networks to judge by, which are neither learnt from nor looked at for the choice.
"""

import statistics
import sys
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from threadpoolctl import threadpool_limits

from benchmarks.report import Figure, main, reported
from edgemeter.kernels.active import that_matter, wirings
from edgemeter.kernels.campaign import Campaign, Row, read_campaign
from edgemeter.kernels.places import campaign_path, saved_targets
from edgemeter.kernels.plugins import KernelPredictor
from edgemeter.kernels.wiring import Wiring
from edgemeter.networks.writing import FileFormat
from edgemeter.targets import Precision, TargetSelector
from edgemeter_predictors.kernels.pricing import KernelPricing

FIRST: Final = 60  #: networks, before anything is chosen
MORE: Final = 40
SEEDS: Final = range(10)
FORMATS: Final[dict[str, FileFormat]] = {"onnxruntime": "onnx", "litert": "tflite"}


def run() -> Sequence[Figure]:
    with threadpool_limits(1):
        return [figure for runtime in FORMATS for figure in _figures(runtime)]


def _figures(runtime: str) -> Iterator[Figure]:
    targets = saved_targets(TargetSelector.parse(f"{runtime}.fp32"))
    if not targets:
        print(f"no kernel predictor of {runtime} here: nothing is looked at", file=sys.stderr)
        return
    campaign = read_campaign(campaign_path(targets[0]))
    matter = list(wirings(that_matter(0, FORMATS[runtime], Precision.FP32)))
    runs = [_run(campaign, matter, seed) for seed in SEEDS]
    ways = ("before", "as drawn", "chosen")
    for way, (errors, ms) in zip(
        ways, (zip(*each, strict=True) for each in zip(*runs, strict=True)), strict=True
    ):
        text = f"{runtime}: {FIRST} networks" + ("" if way == "before" else f" and {MORE} {way}")
        yield reported(f"{text}: mean error", statistics.fmean(errors), " %")
        if way != "before":
            yield reported(f"{text}: one inference of each that was added", statistics.fmean(ms), " ms")


def _run(campaign: Campaign, matter: Sequence[Wiring], seed: int) -> Sequence[tuple[float, float]]:
    """Mean error, and what one inference of each further network takes: before, as drawn, chosen."""
    judges = [row for row in campaign.rows if row.judging]
    rows = [row for row in campaign.rows if not row.judging and row.usable and row.source is not None]
    Random(seed).shuffle(rows)
    first, pool = rows[:FIRST], rows[FIRST:]
    before = _fitted(campaign, [*first, *judges])
    graphs = [Wiring.of(row.source) for row in pool if row.source is not None]
    chosen = [pool[number] for number in before.choose(graphs, matter, MORE)]
    return [
        (_error(before), 0.0),
        *((_error(_fitted(campaign, [*first, *more, *judges])), _ms(more)) for more in (pool[:MORE], chosen)),
    ]


def _fitted(campaign: Campaign, rows: Sequence[Row]) -> KernelPredictor:
    pricing = KernelPricing()
    return pricing.open(pricing.fit(Campaign(campaign.heading, tuple(rows))))


def _error(predictor: KernelPredictor) -> float:
    return float(predictor.about["held_out_mape_percent"])


def _ms(rows: Sequence[Row]) -> float:
    return sum(row.raw_ms or 0.0 for row in rows)


if __name__ == "__main__":
    main(run)
