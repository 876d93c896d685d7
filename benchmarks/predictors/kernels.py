"""The kernel predictors of this machine against real and reference networks, none of which they have seen.

They need a predictor each: `edgemeter kernels measure -t onnxruntime.fp32` and `fit`, half an hour once; the
same for openvino.fp32 and litert.fp32, which are passed over where there is none. The networks are the float
files beside the checkout, where they are, and the nine reference networks at width 1.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, at_least, at_most, main, reported, within
from edgemeter.kernels.campaign import read_campaign
from edgemeter.kernels.places import campaign_path
from edgemeter.networks.writing import FileFormat, write
from edgemeter.spaces.references.assembling import reference_network
from edgemeter.spaces.references.references import NETWORKS
from edgemeter.targets import Precision

MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"
#: What each reads. Something is promised of the first.
TARGETS: dict[str, FileFormat] = {
    "onnxruntime.fp32": "onnx",
    "openvino.fp32": "onnx",
    "litert.fp32": "tflite",
}
PROMISED = next(iter(TARGETS))
#: Quantised: other targets are asked about these.
INT8 = ("quant", "int8")
MOST_MEASUREMENTS = 1_400


def run() -> Sequence[Figure]:
    found: list[Figure] = []
    for target, file_format in TARGETS.items():
        with tempfile.TemporaryDirectory() as folder:
            put_networks(Path(folder), file_format)
            document = evaluated(Path(folder), target)
        if document is not None:
            print_networks(document)
            found += figures(document, promised=target == PROMISED)
        elif target == PROMISED:
            found.append(
                Figure(f"{target}: MAPE, networks not seen", "no kernel predictor here", "<= 10 %", None)
            )
    return found


def print_networks(document: dict[str, Any]) -> None:
    print(document["target"])
    for row in document["networks"]:
        error = row["predicted_ms"] / row["measured_ms"] - 1
        unknown = ", ".join(row["unknown_operators"])
        by_rules = row["predicted_by_rules_ms"]
        told = f", by rules {by_rules:.3f}" if by_rules else ""
        print(
            f"{row['file']:<42} {row['measured_ms']:8.3f} ms, predicted {row['predicted_ms']:8.3f} "
            f"({row['low_ms']:.3f} to {row['high_ms']:.3f}) {error:+7.1%}{told} {unknown}"
        )


def put_networks(folder: Path, file_format: FileFormat) -> None:
    for file in MODELS.glob(f"*.{file_format}"):
        if not any(mark in file.name for mark in INT8):
            shutil.copy(file, folder)
    for name in NETWORKS:
        content = write(reference_network(name, 1.0), file_format, Precision.FP32)
        (folder / f"{name}.{file_format}").write_bytes(content)


def evaluated(folder: Path, target: str) -> dict[str, Any] | None:
    """None where there is no predictor; the command says how to get one."""
    command = [
        *(sys.executable, "-m", "edgemeter", "evaluate-networks", str(folder)),
        *("--target", target, "--json"),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        return None
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def figures(document: dict[str, Any], *, promised: bool) -> Iterator[Figure]:
    campaign = read_campaign(campaign_path(document["target"]))
    runtime = document["target"].split(".")[2]
    named = {
        "measurements of the kernel campaign": (len(campaign.rows), ""),
        "networks that could be measured": (document["n_test"], ""),
        "MAPE, networks not seen": (document["mape_percent"], " %"),
        "within 10 %": (document["within_10_percent"], " %"),
        "MAPE, latencies not corrected by anchors": (document["raw_mape_percent"], " %"),
        "Spearman": (document["spearman"], ""),
        "nominal 90 % covers": (document["coverage_90_percent"], " %"),
        "mean width of the interval": (document["width_90_percent"], " %"),
    }
    if "n_test_by_rules" in document:
        named |= {
            "MAPE, kernels told by rules": (document["mape_percent_by_rules"], " %"),
            "within 10 %, kernels told by rules": (document["within_10_percent_by_rules"], " %"),
            "by rules against by the engine: median": (document["median_difference_by_rules_percent"], " %"),
            "by rules against by the engine: worst": (document["worst_difference_by_rules_percent"], " %"),
        }
    for name, (value, unit) in named.items():
        promise = _PROMISES.get(name) if promised else None
        yield (
            promise(f"{runtime}: {name}", value, unit)
            if promise
            else reported(f"{runtime}: {name}", value, unit)
        )


_PROMISES: dict[str, Callable[[str, float, str], Figure]] = {
    "measurements of the kernel campaign": lambda name, value, unit: at_most(
        name, value, MOST_MEASUREMENTS, unit
    ),
    "MAPE, networks not seen": lambda name, value, unit: at_most(name, value, 10, unit),
    "within 10 %": lambda name, value, unit: at_least(name, value, 70, unit),
    "MAPE, kernels told by rules": lambda name, value, unit: at_most(name, value, 10, unit),
    "within 10 %, kernels told by rules": lambda name, value, unit: at_least(name, value, 70, unit),
    "nominal 90 % covers": lambda name, value, unit: within(name, value, 88, 95, unit),
}


if __name__ == "__main__":
    main(run)
