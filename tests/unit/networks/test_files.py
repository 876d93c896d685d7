"""The shipped files are the ones that the script built, and anchors are the ones of old."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from edgemeter.targets import Precision
from edgemeter_agents.networks import SHIPPED, Role, anchors, demos
from edgemeter_agents.runtimes.base import Format

ROOT = Path(__file__).parents[3]
FILES = SHIPPED[0].path.parent


def listed_sums(folder: Path) -> dict[str, str]:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_file_is_the_one_listed() -> None:
    found = {n.path.name: hashlib.sha256(n.path.read_bytes()).hexdigest() for n in SHIPPED}
    assert len(found) == 16
    assert found == listed_sums(FILES)


def test_nothing_else_lies_beside_them() -> None:
    assert {p.name for p in FILES.iterdir()} == {n.path.name for n in SHIPPED} | {"SHA256SUMS"}


def test_anchors_are_never_rebuilt_differently() -> None:
    # Changing this line makes every stored drift of every device meaningless: add a new anchor instead.
    sums = listed_sums(FILES)
    lines = [sums[n.path.name] for n in sorted(SHIPPED, key=lambda n: n.path.name) if n.role is Role.ANCHOR]
    assert (
        hashlib.sha256("".join(lines).encode()).hexdigest()
        == "c3821d8ab42e8bf016a54df70f09bf76d17c3c5f21c47253006d751e1e79e506"
    )


def test_all_files_together_stay_small() -> None:
    assert sum(n.path.stat().st_size for n in SHIPPED) <= 2_500_000


def test_anchors_are_the_light_one_and_the_heavy_one() -> None:
    light, heavy = anchors(Format.ONNX, Precision.INT8)
    assert (light.name, heavy.name) == ("anchor_light", "anchor_heavy")
    assert {light.role, heavy.role} == {Role.ANCHOR}
    assert light.path.name == "anchor_light_int8.onnx"
    assert {n.role for n in demos(Format.TFLITE, Precision.FP32)} == {Role.DEMO}


def test_float_files_are_rebuilt_byte_for_byte(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("ai_edge_litert")
    command = [sys.executable, "-m", "scripts.build_networks", "--float-only", "--folder", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    rebuilt = listed_sums(tmp_path)
    assert len(rebuilt) == 8
    assert rebuilt.items() <= listed_sums(FILES).items()
