"""Engines that were imported before the fork work after it, with all layers as without any."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from edgemeter.isolation import Confinement, Limits, Nursery, attempt_folder, private_copy

MODELS = Path(__file__).parents[3].parent / "shared" / "models"
ENGINES = {
    "onnxruntime": ("onnxruntime", "ultraface_slim_320_simplified.onnx"),
    "openvino": ("openvino", "ultraface_slim_320_simplified.onnx"),
    "litert": ("ai_edge_litert.interpreter", "mlperftiny_resnet8_int8.tflite"),
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tasks_on_path: Path) -> Iterator[tuple[Nursery, str, Path]]:
    module, network = ENGINES[request.param]
    if find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module} is not installed")
    if not (MODELS / network).exists():
        pytest.skip("the networks beside the repository are not here")
    with Nursery(preload=("numpy", module, "engines")) as nursery:
        yield nursery, request.param, MODELS / network


def run(nursery: Nursery, name: str, network: Path, threads: int, **layers: bool) -> Any:
    with attempt_folder() as folder:
        payload = {"file": str(private_copy(network, folder)), "threads": threads}
        confinement = Confinement(folder=folder, **layers)
        with nursery.start(f"engines:{name}", payload, Limits(wall_s=60), confinement) as child:
            answers = list(child.messages())
            assert child.wait().failure() is None
    return answers


def test_a_confined_session_gives_the_same_answer(engine: tuple[Nursery, str, Path]) -> None:
    nursery, name, network = engine
    bare = run(nursery, name, network, 1, user=False, namespaces=False, landlock=False, seccomp=False)
    assert len(bare) == 1
    assert run(nursery, name, network, 1) == bare


def test_threads_start_in_a_confined_session(engine: tuple[Nursery, str, Path]) -> None:
    assert len(run(*engine, threads=2)) == 1
