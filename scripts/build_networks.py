"""Builds the networks that ship with the project: `python -m scripts.build_networks`.

The float files need only the dev environment; the int8 files need requirements/networks.lock.
Two builds give the same bytes. SHA256SUMS beside the files is in the format of `sha256sum -c`.
"""

import argparse
import hashlib
from pathlib import Path

from scripts.networks.architectures import ALL
from scripts.networks.onnx_file import write_onnx
from scripts.networks.quantised import quantise_onnx, quantise_tflite
from scripts.networks.tflite_file import write_tflite

SHIPPED = Path(__file__).parents[1] / "agents" / "edgemeter_agents" / "networks" / "files"


def build(folder: Path, float_only: bool) -> None:
    """Writes the files of all networks into `folder`, and their sums."""
    written: list[Path] = []

    def keep(name: str, content: bytes) -> None:
        path = folder / name
        path.write_bytes(content)
        written.append(path)

    for describe in ALL:
        network = describe()
        onnx, tflite = write_onnx(network), write_tflite(network)
        keep(f"{network.name}_fp32.onnx", onnx)
        keep(f"{network.name}_fp32.tflite", tflite)
        if not float_only:
            keep(f"{network.name}_int8.onnx", quantise_onnx(network, onnx))
            keep(f"{network.name}_int8.tflite", quantise_tflite(network, tflite))
    sums = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(written))
    (folder / "SHA256SUMS").write_text("".join(sums))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=SHIPPED)
    parser.add_argument("--float-only", action="store_true", help="leave the int8 files alone")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    build(arguments.folder, arguments.float_only)


if __name__ == "__main__":
    main()
