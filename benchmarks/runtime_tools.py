"""Our raw latency against each runtime's own tool, the same statistic, interleaved round by round."""

import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median

from benchmarks.measuring import REAL_NETWORKS, latencies, measure_files
from benchmarks.report import Figure, main, within
from benchmarks.vendor_tools import TOOLS
from edgemeter.protocols import PRECISE
from edgemeter.targets import Precision
from edgemeter_agents.batches.anchor_store import AnchorStore
from edgemeter_agents.batches.lab import Lab
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.networks import anchors
from edgemeter_agents.runtimes.base import Format

ROUNDS = 3
SECONDS = 2.0
#: One visit, as long as a round of the tool, which does not notice contention either.
PROTOCOL = PRECISE.evolve(visits=1, until_converged=False, min_timed_s=SECONDS, contended_share=1e9)

#: The tool of LiteRT rounds to 0.01 ms: only networks for which that is below 2 % are of use.
REAL = {
    "onnxruntime": (
        "light_squeezenet.onnx",
        "light_shufflenet.onnx",
        "ultraface_slim_320_simplified.onnx",
        "yunet_n_320.onnx",
    ),
    "openvino": ("light_squeezenet.onnx", "ultraface_slim_320_simplified.onnx", "yunet_n_320.onnx"),
    # Its tool crashes on ultraface_slim_320.tflite, which the interpreter runs.
    "litert": ("coral_mobilenet_v1_0.25_128_quant.tflite",),
}


def files_of(runtime: str) -> list[Path]:
    """Real networks where the checkout has them beside it, and the shipped heavy anchor."""
    file_format = Format.TFLITE if runtime == "litert" else Format.ONNX
    real = [REAL_NETWORKS / name for name in REAL[runtime]]
    return [*(file for file in real if file.exists()), anchors(file_format, Precision.FP32)[1].path]


def ratio(runtime: str, file: Path, store: AnchorStore, cpu: int) -> float:
    """Ours over the tool's: the medians of rounds that alternate, at the same ordinary priority."""
    ours, theirs = [], []
    for seed in range(ROUNDS):
        theirs.append(TOOLS[runtime](file, cpu, SECONDS))
        measured = measure_files([file], runtime, PROTOCOL, store, priority=PriorityWish.NORMAL, seed=seed)
        ours += [latency.median_ms for latency in latencies(measured)]
    return median(ours) / median(theirs)


def run() -> Sequence[Figure]:
    (cpu,) = Lab.of_this_machine().cpus(1).cpus
    figures, ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        for runtime in TOOLS:
            for file in files_of(runtime):
                value = ratio(runtime, file, AnchorStore(Path(folder)), cpu)
                print(f"{runtime} {file.name}: {value:.3f}", file=sys.stderr)
                ratios.append(value)
                name = f"raw latency / own tool: {file.name} on {runtime}"
                figures.append(within(name, value, 0.93, 1.07))
    mean = math.exp(fmean(math.log(value) for value in ratios))
    return [*figures, within(f"raw latency / own tool: geometric mean of {len(ratios)}", mean, 0.97, 1.03)]


if __name__ == "__main__":
    main(run)
