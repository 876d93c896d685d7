"""The space of docs/spaces.md is short, keeps the contract, and works where every space works."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from edgemeter.graphs import read_graph
from edgemeter.networks.writing import write
from edgemeter.spaces.costs import architecture_costs
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import Space
from edgemeter.spaces.testing import SpaceContract
from edgemeter.targets import Precision

FILE = Path(__file__).parents[3] / "examples" / "tiny_space.py"


def example() -> ModuleType:
    spec = spec_from_file_location("tiny_space", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestExample(SpaceContract):
    @pytest.fixture
    def space(self) -> Space:
        tiny: Space = example().Tiny()
        return tiny


def test_it_is_short() -> None:
    assert len(FILE.read_text().splitlines()) < 60


def test_its_networks_are_files(tmp_path: Path) -> None:
    space: Space = example().Tiny()
    codes = sample(space, 2, seed=1)
    table = architecture_costs(space, codes)
    for number, row in enumerate(codes):
        file = tmp_path / f"{number}.tflite"
        file.write_bytes(write(space.build(row), "tflite", Precision.FP32))
        graph = read_graph(file)
        assert (graph.macs, graph.parameters) == (table.macs[number], table.parameters[number])


def test_the_guide_shows_it_whole() -> None:
    assert FILE.read_text() in (FILE.parents[1] / "docs" / "spaces.md").read_text()
