from typing import Final

import pytest

from edgemeter.networks.costs import network_costs
from edgemeter.networks.network import Activate, Activation, Scale
from edgemeter.spaces.multihw import HEAD, MultiHardware
from edgemeter.spaces.published import trained_parameters
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.text import from_text

SPACE: Final = MultiHardware()
#: The networks that the paper publishes (its footnote 1), as architectures of the space.
MULTI_AVG: Final = (
    "32,2,IB_3_3,IB_3_2,IB_3_1,IB_3_1,64,4,IB_5_5,IB_3_3,IB_3_2,IB_3_3,128,4,IB_5_6,IB_3_3,IB_3_3,IB_3_3,"
    "160,2,IB_3_6,IB_3_4,IB_3_1,IB_3_1,192,4,IB_3_6,IB_5_4,IB_5_4,IB_5_4"
)
MULTI_MAX: Final = (
    "32,1,IB_3_3,IB_3_1,IB_3_1,IB_3_1,64,3,IB_5_6,IB_3_2,IB_3_2,IB_3_1,128,4,IB_5_6,IB_3_4,IB_3_3,IB_3_3,"
    "128,2,IB_3_6,IB_3_3,IB_3_1,IB_3_1,160,4,IB_3_6,IB_5_4,IB_3_5,IB_5_4"
)


@pytest.mark.parametrize(
    ("text", "macs", "without_norms"),
    [
        (MULTI_AVG, 432_451_264, 4_913_608),  # table 1: 433 M and 4.91 M
        (MULTI_MAX, 349_176_352, 4_391_560),  # table 1: 349 M and 4.39 M
    ],
)
def test_the_published_networks_are_in_the_space(text: str, macs: int, without_norms: int) -> None:
    network = SPACE.build(from_text(SPACE, text))
    costs = network_costs(network)
    # A batch norm has two numbers a channel, folded one: what is left without both is what table 1 counts.
    assert (costs.macs, 2 * costs.parameters - trained_parameters(network)) == (macs, without_norms)


def test_filters_are_multiples_of_32_and_the_head_is_fixed() -> None:
    filters = [column.choices for column in SPACE.columns if column.name.endswith("filters")]
    assert len(filters) == 5
    assert all(int(word) % 32 == 0 for words in filters for word in words)
    assert HEAD == (960, 1280)


def test_no_squeeze_excite_and_no_hswish() -> None:
    for row in sample(SPACE, 20, seed=1):
        for node in SPACE.build(row).nodes:
            assert not isinstance(node.operation, Scale)
            assert not isinstance(node.operation, Activate) or node.operation.activation is Activation.RELU


def test_blocks_beyond_the_repeats_are_dead() -> None:
    one = from_text(SPACE, MULTI_MAX)
    other = from_text(SPACE, MULTI_MAX.replace("32,1,IB_3_3,IB_3_1", "32,1,IB_3_3,Fused_5_6"))
    assert SPACE.build(one) == SPACE.build(other)
    canonical = SPACE.canonical(other)
    assert (canonical == SPACE.canonical(one)).all()
    assert canonical[3:6].tolist() == [0, 0, 0]
