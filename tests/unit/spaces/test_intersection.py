from typing import Final

import pytest

from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.intersection import intersect
from edgemeter.spaces.multihw import BLOCKS, MultiHardware
from edgemeter.spaces.space import CodeError

SPACE: Final = MultiHardware()


def facts(*refused: str, support: str = "none") -> dict[str, str]:
    """Everything full but what begins or ends with one of `refused`."""
    return {
        each.key: support if any(each.key.startswith(r) or each.key.endswith(r) for r in refused) else "full"
        for each in SPACE.placed
    }


def test_what_all_support_is_the_whole_space() -> None:
    found = intersect(SPACE, {"a": facts(), "b": facts()}, "both")
    assert [column.choices for column in found.space.columns] == [c.choices for c in SPACE.columns]
    assert (found.refused, found.inferred) == ((), 0)


def test_an_operator_goes_where_one_target_lacks_it() -> None:
    found = intersect(SPACE, {"a": facts("Fused_"), "b": facts("IB_5", support="partial")}, "both")
    left = tuple(word for word in BLOCKS if not word.startswith(("Fused_", "IB_5")))
    assert {c.choices for c in found.space.columns if "block" in c.name} == {left}
    assert all(c.choices == b.choices for c, b in zip(found.space.columns, SPACE.columns, strict=True)
               if "block" not in c.name)  # fmt: skip
    assert {each.target for each in found.refused} == {"a", "b"}


def test_filters_go_where_nothing_is_supported_with_them() -> None:
    found = intersect(SPACE, {"a": facts("->320|s1", "->320|s2", "x320->1000|s1")}, "narrow")
    columns = {column.name: column.choices for column in found.space.columns}
    assert columns["stage5.filters"] == ("96", "128", "160", "192", "256")
    assert columns["stage5.block1"] == BLOCKS


def test_an_unknown_context_is_taken_as_the_operator_s_others() -> None:
    known = facts()
    missing = [key for key in known if key.startswith("IB_3_3")][1:]
    for key in missing:
        del known[key]
    found = intersect(SPACE, {"a": known}, "inferred")
    assert found.inferred == len(missing)
    assert found.refused == ()


def test_an_operator_of_which_nothing_is_known_is_not_supported() -> None:
    known = {key: support for key, support in facts().items() if not key.startswith("IB_3_3")}
    found = intersect(SPACE, {"a": known}, "careful")
    assert "IB_3_3" not in found.space.columns[2].choices
    assert {each.support for each in found.refused} == {"unknown"}


def test_nothing_left_is_an_error_that_says_why() -> None:
    with pytest.raises(CodeError, match=r"nothing is left of stage1.*IB_3_1.* on a: none"):
        intersect(SPACE, {"a": facts("IB", "Fused")}, "none")
    with pytest.raises(CodeError, match=r"stem\|.* is in every network"):
        intersect(SPACE, {"a": facts("stem")}, "none")
    with pytest.raises(CodeError, match="one target or more"):
        intersect(SPACE, {}, "none")


def test_any_space_has_intersections() -> None:
    space = Hurricane()
    known = {each.key: "partial" if "SE" in each.operator.split("_") else "full" for each in space.placed}
    found = intersect(space, {"vpu": known}, "no-gates")
    assert all(len(column.choices) == 16 for column in found.space.columns)
