from typing import Final

import pytest

from edgemeter.networks.costs import network_costs
from edgemeter.spaces.counting import contexts, position_of
from edgemeter.spaces.hurricane import OPERATORS, Hurricane
from edgemeter.spaces.size import size
from edgemeter.spaces.space import CodeError

SPACE: Final = Hurricane()


def test_golden_numbers_of_the_paper() -> None:
    assert len(OPERATORS) == len(set(OPERATORS)) == 32
    assert len(contexts(SPACE)) == 8
    assert len(SPACE.placed) == 8 * 32 + 2
    assert size(SPACE) == 32**20
    families = [each.family.removesuffix("_SE") for each in SPACE.placed[1:33]]
    assert {kind: families.count(kind) for kind in families} == {
        "SEP": 6,
        "MB": 18,
        "Choice": 6,
        "ChoiceX": 2,
    }


def test_layers_stand_where_table_1_has_them() -> None:
    shapes = [SPACE.placed[layer.placed.flat[0]].stage for layer in SPACE.layers]
    expected = 4 * ["56x56x64"] + 4 * ["28x28x160"] + 8 * ["14x14x320"] + 4 * ["7x7x640"]
    assert shapes == ["stem", *expected, "tail"]


def test_multiply_adds_by_hand() -> None:
    # Choice_3 at 56x56x64: half of the channels pass; 1x1 32->32, 3x3 depthwise, 1x1 32->32.
    # SEP_5 at 28x28x160->320, stride 2: keeps 160 channels in its first half.
    # MB_7_6_SE at 7x7x640: 3840 channels inside, and a gate of 960.
    expected = {
        "Choice_3|56x56x64->64|s1": 56 * 56 * (32 * 32 + 9 * 32 + 32 * 32),
        "SEP_5|28x28x160->320|s2": 14 * 14 * (25 * 160 + 160 * 160 + 25 * 160 + 160 * 320),
        "MB_7_6_SE|7x7x640->640|s1": 49 * (640 * 3840 + 49 * 3840 + 3840 * 640) + 2 * 3840 * 960,
        "MB_3_1|7x7x640->640|s1": 49 * (9 * 640 + 640 * 640),
    }
    found = {each.key: number for number, each in enumerate(SPACE.placed)}
    assert {key: network_costs(SPACE.build_placed(found[key])).macs for key in expected} == expected


def test_keys_read_as_those_of_stored_measurements() -> None:
    assert [str(context) for context in contexts(SPACE)] == [
        "112x112x16->64|s2",
        "56x56x64->64|s1",
        "56x56x64->160|s2",
        "28x28x160->160|s1",
        "28x28x160->320|s2",
        "14x14x320->320|s1",
        "14x14x320->640|s2",
        "7x7x640->640|s1",
    ]
    assert SPACE.placed[position_of(SPACE, "ChoiceX_SE|7x7x640->640|s1")].operator == "ChoiceX_SE"
    assert position_of(SPACE, "stem") == 0
    with pytest.raises(CodeError, match="no operator 'Choice_9'"):
        position_of(SPACE, "Choice_9")
