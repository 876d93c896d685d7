"""The kernel predictor of ONNX Runtime against real and reference networks, none of which it has seen.

It needs a predictor: `edgemeter kernels measure -t onnxruntime.fp32` and `fit`, half an hour once. The
networks are the ONNX files beside the checkout, where they are, and the nine reference networks at width 1.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, at_least, at_most, main, reported, within
from edgemeter.kernels.campaign import read_campaign
from edgemeter.kernels.places import campaign_path
from edgemeter.networks.writing import write
from edgemeter.spaces.references.assembling import reference_network
from edgemeter.spaces.references.references import NETWORKS
from edgemeter.targets import Precision

MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"
TARGET = "onnxruntime.fp32"
MOST_MEASUREMENTS = 1_400


def run() -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        put_networks(Path(folder))
        document = evaluated(Path(folder))
    if document is None:
        return [Figure("MAPE, networks not seen", "no kernel predictor here", "<= 10 %", None)]
    for row in document["networks"]:
        error = row["predicted_ms"] / row["measured_ms"] - 1
        unknown = ", ".join(row["unknown_operators"])
        print(
            f"{row['file']:<42} {row['measured_ms']:8.3f} ms, predicted {row['predicted_ms']:8.3f} "
            f"({row['low_ms']:.3f} to {row['high_ms']:.3f}) {error:+7.1%} {unknown}"
        )
    return list(figures(document))


def put_networks(folder: Path) -> None:
    for file in MODELS.glob("*.onnx"):
        shutil.copy(file, folder)
    for name in NETWORKS:
        (folder / f"{name}.onnx").write_bytes(write(reference_network(name, 1.0), "onnx", Precision.FP32))


def evaluated(folder: Path) -> dict[str, Any] | None:
    """None where there is no predictor; the command says how to get one."""
    command = [
        *(sys.executable, "-m", "edgemeter", "evaluate-networks", str(folder)),
        *("--target", TARGET, "--json"),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        return None
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def figures(document: dict[str, Any]) -> Iterator[Figure]:
    campaign = read_campaign(campaign_path(document["target"]))
    yield at_most("measurements of the kernel campaign", len(campaign.rows), MOST_MEASUREMENTS, "")
    yield reported("networks that could be measured", document["n_test"], "")
    yield at_most("MAPE, networks not seen", document["mape_percent"], 10, " %")
    yield at_least("within 10 %", document["within_10_percent"], 70, " %")
    yield reported("MAPE, latencies not corrected by anchors", document["raw_mape_percent"], " %")
    yield reported("Spearman", document["spearman"], "")
    yield within("nominal 90 % covers", document["coverage_90_percent"], 88, 95, " %")
    yield reported("mean width of the interval", document["width_90_percent"], " %")


if __name__ == "__main__":
    main(run)
