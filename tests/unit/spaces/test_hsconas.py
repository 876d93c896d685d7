from typing import Final

import numpy as np
import pytest

from edgemeter.networks.costs import network_costs
from edgemeter.spaces.codes import codes_of
from edgemeter.spaces.counting import contexts, placed_at
from edgemeter.spaces.hsconas import LAYOUT_A, LAYOUT_B, hsconas, hsconas_b, scaled_channels
from edgemeter.spaces.size import size
from edgemeter.spaces.space import NOTHING, CodeError
from edgemeter.spaces.text import from_text, to_text

SPACE: Final = hsconas()


def test_golden_numbers_of_the_paper() -> None:
    assert size(SPACE) == 5**20 * 10**20
    assert f"{size(SPACE):.1e}" == "9.5e+33"
    for space in (SPACE, hsconas_b()):
        units = [each for each in space.placed if each.operator.startswith("Choice")]
        assert len({each.context for each in units}) == len(contexts(space)) == 710
        assert len(units) == 710 * 4 == 2840


@pytest.mark.parametrize(
    ("channels", "tenths", "expected"),
    [
        (5, 5, 4),  # 2.5 is 3, as in the paper's figure 4, and 4 is the next even number
        (48, 1, 6),  # 4.8, 5, 6
        (48, 2, 10),
        (128, 3, 38),  # 38.4
        (256, 10, 256),
        (68, 5, 34),
    ],
)
def test_channels_are_rounded_half_up_then_to_even(channels: int, tenths: int, expected: int) -> None:
    assert scaled_channels(channels, tenths) == expected


def test_factors_are_different_channels() -> None:
    for channels in (*LAYOUT_A, *LAYOUT_B):
        assert len({scaled_channels(channels, tenths) for tenths in range(1, 11)}) == 10


def test_skip_is_nothing_where_nothing_changes() -> None:
    # Layers 2 and 3 skip with equal factors; layer 4 skips into another width; layer 5 with stride 2.
    operators = [0, 4, 4, 4, 4, *[0] * 15]
    factors = [4, 4, 4, 9, 9, *[5] * 15]
    row = codes_of(SPACE, operators + factors)
    positions = placed_at(SPACE, row)
    assert positions[2:4].tolist() == [NOTHING, NOTHING]
    keys = [SPACE.placed[position].key for position in positions[4:6]]
    assert keys == ["skip|56x56x24->48|s1", "skip|56x56x48->128|s2"]
    network = SPACE.build_placed(int(positions[5]))
    assert network_costs(network).macs == 28 * 28 * 48 * 128


def test_text_pairs_operators_with_factors() -> None:
    row = np.array([*[3] * 20, *[9] * 20], dtype=np.uint8)
    assert to_text(SPACE, row) == "hsconas@1:" + ",".join(["ChoiceX:1.0"] * 20)
    for wrong in ("ChoiceX", "ChoiceX:1.0:2", ""):
        with pytest.raises(CodeError, match="OPERATOR:FACTOR"):
            from_text(SPACE, wrong)
