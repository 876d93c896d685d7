from collections.abc import Callable

import pytest

from edgemeter.networks.building import Builder, BuildError
from edgemeter.networks.costs import network_costs
from edgemeter.networks.network import Activation, Add, Convolution, Map, Scale


def builder(height: int = 14, width: int = 14, channels: int = 10) -> Builder:
    return Builder("block", Map(height, width, channels))


def test_an_inverted_bottleneck() -> None:
    b = builder(channels=8)
    x = b.conv(b.input, 32, activation=Activation.RELU6)
    x = b.squeeze_excite(b.depthwise(x, 5, activation=Activation.RELU6))
    network = b.finish(b.add(b.input, b.conv(x, 8)))
    assert network.nodes[2].operation == Convolution(32, 5, 1, groups=32)
    assert [type(node.operation) for node in network.nodes[-3:]] == [Scale, Convolution, Add]
    assert network.nodes[-1].result == Map(14, 14, 8)
    costs = network_costs(network)
    assert costs.macs == 14 * 14 * 32 * (8 + 25 + 8) + 2 * 32 * 8
    assert costs.parameters == (32 * 9) + (32 * 26) + (8 * 33) + (32 * 9) + (8 * 33)


@pytest.mark.parametrize(
    ("stride", "size", "result"), [(1, 7, 7), (2, 7, 4), (2, 8, 4), (3, 7, 3), (2, 2, 1)]
)
def test_maps_are_those_of_same_padding(stride: int, size: int, result: int) -> None:
    b = builder(size, size)
    for position in (b.conv(b.input, 4, 5, stride), b.max_pool(b.input, 3, stride), b.depthwise(0, 1)):
        assert b.map(position).height == result


def test_splits_and_concatenations_take_all_channels_apart_and_together() -> None:
    b = builder(channels=12)
    parts = b.split(b.input, 3)
    assert [b.map(part).channels for part in parts] == [4, 4, 4]
    assert b.map(b.shuffle(b.concat(*parts))) == Map(14, 14, 12)


REFUSED: dict[str, tuple[Callable[[Builder], object], str]] = {
    "odd split": (lambda b: b.split(b.conv(b.input, 7)), "7 channels do not split into 2 equal parts"),
    "odd shuffle": (lambda b: b.shuffle(b.conv(b.input, 7)), "7 channels cannot be shuffled in 2 groups"),
    "stride at 1x1": (lambda b: b.conv(b.global_average(b.input), 8, 3, stride=2), "stride 2 at 1x1"),
    "groups": (lambda b: b.conv(b.input, 7, groups=2), "2 groups do not divide both 10 channels in and 7"),
    "no channels": (lambda b: b.conv(b.input, 0), "channels must be a positive integer, not 0"),
    "half a kernel": (lambda b: b.conv(b.input, 8, kernel=1.5), "kernel must be a positive integer"),  # type: ignore[arg-type]
    "unequal maps": (lambda b: b.add(b.input, b.conv(b.input, 8)), "not 14x14x10 and 14x14x8"),
    "one map": (lambda b: b.add(b.input), "two or more maps, not 1"),
    "sizes": (lambda b: b.concat(b.input, b.max_pool(b.input, 3, 2)), "equal height and width"),
    "gate": (lambda b: b.scale(b.input, b.conv(b.input, 10)), "gate of 1x1x10, not 14x14x10"),
    "slice": (lambda b: b.slice(b.input, 8, 4), "channels 8 to 12 are not within 10"),
    "dense": (lambda b: b.dense(b.input, 4), "1x1, not 14x14x10"),
    "after dense": (lambda b: b.conv(b.dense(b.global_average(b.input), 4), 4), "flat"),
    "unknown node": (lambda b: b.conv(3, 4), "there is no node 3"),
    "no output": (lambda b: b.finish(), "needs an output"),
    "the input": (lambda b: b.finish(b.input), "none of them the input"),
    "dead": (lambda b: (b.conv(b.input, 4), b.finish(b.conv(b.input, 8))), "node 0 .* reaches no output"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nonsense_is_refused(case: str) -> None:
    refused, words = REFUSED[case]
    with pytest.raises(BuildError, match=words):
        refused(builder())


def test_what_is_refused_leaves_no_trace() -> None:
    b = builder()
    with pytest.raises(BuildError):
        b.max_pool(b.input, 3, stride=20)
    assert len(b.finish(b.conv(b.input, 8)).nodes) == 1


@pytest.mark.parametrize("bad", [Map(0, 4, 3), Map(4, 4, -1)])
def test_an_input_has_a_size(bad: Map) -> None:
    with pytest.raises(BuildError, match="positive integer"):
        Builder("x", bad)


def test_costs_of_a_batch() -> None:
    def costs(batch: int) -> tuple[int, int, int, int]:
        b = Builder("x", Map(8, 8, 4), batch)
        found = network_costs(b.finish(b.dense(b.global_average(b.conv(b.input, 8, 3, 2)), 5)))
        return found.macs, found.parameters, found.activation_bytes, found.peak_activation_bytes

    one, four = costs(1), costs(4)
    assert one == (16 * 8 * 36 + 40, 8 * 37 + 45, 4 * (128 + 8 + 8 + 5), 4 * (256 + 128))
    assert four == (4 * one[0], one[1], 4 * one[2], 4 * one[3])
