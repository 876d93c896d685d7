"""What no block can be made of is refused in words."""

import pytest

from edgemeter.networks.building import Builder, BuildError
from edgemeter.networks.network import Map
from edgemeter.spaces.blocks.inverted import inverted_bottleneck
from edgemeter.spaces.blocks.separable import twice_separable
from edgemeter.spaces.blocks.shufflenet import shuffle_unit
from edgemeter.spaces.hurricane import OPERATORS, append_operator
from edgemeter.spaces.space import Context


def builder(context: Context) -> Builder:
    return Builder("block", Map(context.height, context.width, context.channels_in))


@pytest.mark.parametrize("operator", [word for word in OPERATORS if word.startswith("Choice")])
def test_an_odd_channel_count_cannot_be_split(operator: str) -> None:
    context = Context(14, 14, 33, 33, 1)
    here = builder(context)
    with pytest.raises(BuildError, match="33 channels do not split into 2 equal parts"):
        append_operator(here, here.input, operator, context)


def test_an_odd_channel_count_cannot_be_shuffled() -> None:
    context = Context(14, 14, 16, 33, 2)
    here = builder(context)
    with pytest.raises(BuildError, match="33 channels cannot be shuffled in 2 groups"):
        shuffle_unit(here, here.input, context, 3, 16)


@pytest.mark.parametrize("operator", OPERATORS)
def test_stride_2_at_1x1_has_nothing_to_step_over(operator: str) -> None:
    context = Context(1, 1, 16, 32, 2)
    here = builder(context)
    with pytest.raises(BuildError, match="stride 2 at 1x1"):
        append_operator(here, here.input, operator, context)


def test_shortcuts_stand_where_nothing_changes_its_shape() -> None:
    def adds(context: Context) -> int:
        here = builder(context)
        network = here.finish(inverted_bottleneck(here, here.input, context, 3, 96))
        return sum(type(node.operation).__name__ == "Add" for node in network.nodes)

    assert adds(Context(14, 14, 16, 16, 1)) == 1
    assert adds(Context(14, 14, 16, 16, 2)) == adds(Context(14, 14, 16, 24, 1)) == 0


def test_the_first_half_of_sep_has_the_stride_and_keeps_its_channels() -> None:
    context = Context(14, 14, 16, 24, 2)
    here = builder(context)
    network = here.finish(twice_separable(here, here.input, context, 5))
    shapes = [(node.result.height, node.result.channels) for node in network.nodes]
    assert shapes == [(7, 16), (7, 16), (7, 16), (7, 16), (7, 24), (7, 24)]
