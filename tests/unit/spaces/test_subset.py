from pathlib import Path
from typing import Final

import numpy as np
import pytest

from edgemeter.spaces.costs import architecture_costs
from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.multihw import MultiHardware
from edgemeter.spaces.nasbench201 import NasBench201
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.size import size
from edgemeter.spaces.space import CodeError, Space
from edgemeter.spaces.subset import Subset, in_base
from edgemeter.spaces.subset_files import document_of, open_space, read_subset, subset_of, write_subset
from edgemeter.spaces.testing import SpaceContract
from edgemeter.spaces.text import from_text, to_text

BASE: Final = Hurricane()
SOME: Final = {f"layer{number}": ["MB_3_1", "Choice_3", "SEP_5_SE"] for number in range(1, 21)}


class TestSubsetOfAChain(SpaceContract):
    @pytest.fixture
    def space(self) -> Space:
        return Subset(BASE, "few", SOME)


class TestSubsetWithDeadDecisions(SpaceContract):
    @pytest.fixture
    def space(self) -> Space:
        base = MultiHardware()
        blocks = [column.name for column in base.columns if "block" in column.name]
        return Subset(base, "fused-only", {name: ["Fused_3_2", "Fused_5_6"] for name in blocks})


class TestSubsetWithoutTheDeadChoice(SpaceContract):
    @pytest.fixture
    def space(self) -> Space:
        return Subset(NasBench201(), "no-none", {"0->1": ["skip_connect", "nor_conv_3x3"]})


def test_an_architecture_is_the_base_s_own() -> None:
    space = Subset(BASE, "few", SOME)
    codes = sample(space, 20, seed=1)
    base, same = in_base(space, codes)
    assert base is BASE
    assert np.array_equal(space.from_base(same), codes)
    assert to_text(space, codes[0]).removeprefix("few@1:") == BASE.words(same[0])
    assert space.build(codes[0]) == BASE.build(same[0])
    assert np.array_equal(architecture_costs(space, codes).macs, architecture_costs(BASE, same).macs)
    assert size(space) == 3**20


def test_choices_that_are_not_there_are_refused() -> None:
    space = Subset(BASE, "few", SOME)
    with pytest.raises(CodeError, match="no choice 'MB_3_3'"):
        from_text(space, ",".join(["MB_3_3"] * 20))
    with pytest.raises(CodeError, match="not every choice of column layer1"):
        space.from_base(np.zeros((1, 20), dtype=np.uint8))


@pytest.mark.parametrize(
    "chosen", [{"layer21": ["MB_3_1"]}, {"layer1": ["MB_3_2"]}, {"layer1": []}, {"layer1": ["MB_3_1"] * 2}]
)
def test_a_subset_has_choices_of_its_base(chosen: dict[str, list[str]]) -> None:
    with pytest.raises(CodeError):
        Subset(BASE, "few", chosen)


def test_a_file_gives_the_space_back(tmp_path: Path) -> None:
    space = Subset(BASE, "few", SOME, {"target": "pixel4-cpu", "alpha": 0.1})
    write_subset(space, tmp_path / "few.json")
    read = open_space(str(tmp_path / "few.json"))
    assert isinstance(read, Subset)
    assert document_of(read) == document_of(space)
    codes = sample(space, 5, seed=3)
    assert [to_text(read, row) for row in codes] == [to_text(space, row) for row in codes]


def test_a_subset_of_a_subset_is_one_of_the_same_base(tmp_path: Path) -> None:
    inner = Subset(Subset(BASE, "few", SOME), "fewer", {"layer1": ["SEP_5_SE", "MB_3_1"]})
    base, codes = in_base(inner, sample(inner, 20, seed=0))
    assert base is inner.base is BASE
    assert {BASE.columns[0].choices[code] for code in codes[:, 0]} == {"SEP_5_SE", "MB_3_1"}
    write_subset(inner, tmp_path / "fewer.json")
    assert document_of(read_subset(tmp_path / "fewer.json")) == document_of(inner)
    with pytest.raises(CodeError, match="SEP_3"):
        Subset(Subset(BASE, "few", SOME), "fewer", {"layer1": ["SEP_3"]})


def test_what_does_not_reach_the_network_keeps_nothing_out() -> None:
    base = MultiHardware()
    space = Subset(base, "fused", {"stage1.repeats": ["1"], "stage1.block2": ["Fused_3_2"]})
    codes = base.canonical(sample(base, 50, seed=1))
    codes[:, [column.name for column in base.columns].index("stage1.repeats")] = 0
    assert space.holds(codes).all()
    same = base.canonical(space.to_base(space.from_base(codes)))
    assert np.array_equal(same, base.canonical(codes))


def test_a_cell_without_a_path_computes_nothing() -> None:
    space = Subset(NasBench201(), "first", {"2->3": ["none"], "1->3": ["none"]})
    codes = sample(space, 40, seed=0)
    assert np.array_equal(space.computes(codes), space.base.computes(space.to_base(codes)))
    assert 0 < space.computes(codes).sum() < 40


@pytest.mark.parametrize(
    "change",
    [
        {"schema_name": "other"},
        {"schema_version": 2},
        {"base": {"name": "hurricane", "version": 2}},
        {"base": {"name": "../hurricane", "version": 1}},
        {"base": None},
        {"name": "a:b"},
        {"name": ""},
        {"version": "1"},
        {"choices": []},
        {"choices": {"layer1": "MB_3_1"}},
        {"choices": {"layer1": ["MB_3_2"]}},
    ],
)
def test_documents_that_are_no_space_are_refused(change: dict[str, object]) -> None:
    document = document_of(Subset(BASE, "few", SOME)) | change
    with pytest.raises((CodeError, LookupError)):
        subset_of(document)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_files_that_are_no_space_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "space.json"
    path.write_bytes(content)
    with pytest.raises(CodeError, match=r"space\.json is not a generated space"):
        read_subset(path)
