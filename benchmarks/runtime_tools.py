"""Our raw latency against each runtime's own tool, the same statistic, interleaved round by round.

Both run on the same processor, under SCHED_FIFO where that is permitted, so that other work on the machine
takes no time from either. A host whose speed moves from second to second moves both: each of our runs is
held against the tool's run before and the one after it, and the median of the rounds is the figure.
"""

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

ROUNDS = 11
SECONDS = 1.0
#: One visit, as long as a round of the tool, which does not notice contention either.
PROTOCOL = PRECISE.evolve(
    visits=1, warmup_s=0.1, until_converged=False, min_timed_s=SECONDS, contended_share=1e9
)

#: The tool of LiteRT rounds to 0.01 ms: only networks for which half of that is at most 1 % are of use.
REAL = {
    "onnxruntime": (
        "light_squeezenet.onnx",
        "light_shufflenet.onnx",
        "ultraface_slim_320_simplified.onnx",
        "yunet_n_320.onnx",
    ),
    "openvino": ("light_squeezenet.onnx", "ultraface_slim_320_simplified.onnx", "yunet_n_320.onnx"),
    # Its tool cannot allocate the tensors of ultraface_slim_320.tflite, which the interpreter runs.
    "litert": (
        "coral_mobilenet_v1_0.25_128_quant.tflite",
        "mlperftiny_resnet8_fp32.tflite",
        "mlperftiny_vww_96_int8.tflite",
    ),
}


def files_of(runtime: str) -> list[Path]:
    """Real networks where the checkout has them beside it, and the shipped heavy anchor."""
    file_format = Format.TFLITE if runtime == "litert" else Format.ONNX
    real = [REAL_NETWORKS / name for name in REAL[runtime]]
    return [*(file for file in real if file.exists()), anchors(file_format, Precision.FP32)[1].path]


def ratio(runtime: str, file: Path, store: AnchorStore, lab: Lab) -> float:
    """Ours over the tool's: the median over rounds of the ratio of their medians, the tool's being the
    geometric mean of its runs on both sides.
    """
    (cpu,) = lab.cpus(1).cpus
    priority = PriorityWish.FIFO if lab.permissions.fifo.permitted else PriorityWish.NORMAL
    ratios, before_ms = [], TOOLS[runtime](file, cpu, SECONDS)
    for seed in range(ROUNDS):
        measured = measure_files([file], runtime, PROTOCOL, store, priority=priority, seed=seed)
        (ours,) = latencies(measured)
        after_ms = TOOLS[runtime](file, cpu, SECONDS)
        ratios.append(ours.median_ms / math.sqrt(before_ms * after_ms))
        before_ms = after_ms
    return median(ratios)


def run() -> Sequence[Figure]:
    lab = Lab.of_this_machine()
    figures, ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        for runtime in TOOLS:
            for file in files_of(runtime):
                value = ratio(runtime, file, AnchorStore(Path(folder)), lab)
                print(f"{runtime} {file.name}: {value:.3f}", file=sys.stderr)
                ratios.append(value)
                name = f"raw latency / own tool: {file.name} on {runtime}"
                figures.append(within(name, value, 0.93, 1.07))
    mean = math.exp(fmean(math.log(value) for value in ratios))
    return [*figures, within(f"raw latency / own tool: geometric mean of {len(ratios)}", mean, 0.97, 1.03)]


if __name__ == "__main__":
    main(run)
