"""Draws the networks of a kernel campaign: one kernel, a few, or a whole network, over what networks have.

Network number n of a seed is always the same one, so that a campaign goes on where it was broken off.
Many kernels stand in each network, in the company and the cache of others, as they will in the networks
that are asked about; lone kernels alone would look too fast.
"""

from collections.abc import Callable, Sequence
from typing import Final

from edgemeter.kernels.patterns import FAMILIES, PATTERNS, STEPS, Draw, Pattern, channels, pointwise, pool
from edgemeter.networks.building import Builder, BuildError
from edgemeter.networks.costs import network_costs
from edgemeter.networks.network import Activation, Map, Network

#: What a sampled network may take: beyond, it costs more time than it teaches.
MOST_MACS: Final = 2_000_000_000
MOST_PARAMETERS: Final = 12_000_000
MOST_MAP: Final = 3_000_000  #: elements of one map
_SIDES: Final = (7, 8, 10, 13, 14, 16, 20, 28, 28, 32, 40, 56, 56, 64, 80, 112, 112, 160)
_IMAGES: Final = (
    (96, 96),
    (128, 128),
    (160, 160),
    (192, 192),
    (224, 224),
    (224, 224),
    (240, 320),
    (320, 320),
)
#: Blocks in each stage of a network that a predictor is judged by.
_REPEATS: Final = (2, 4)
#: Steps of the channels of networks as they are published.
_BLOCKS: Final = (64, 32, 32, 16)
#: Shares of networks of one pattern, of a few, of whole networks.
_SINGLE: Final = 0.40
_SHORT: Final = 0.40
_TRIES: Final = 60

_Patterns = Sequence[tuple[Pattern, float]]


def campaign_network(seed: int, number: int) -> Network:
    """The network `number` of a campaign."""
    return _first_affordable(f"{seed}/{number}", lambda random: _draw(random, f"kernels_{seed}_{number}"))


def judging_network(seed: int, number: int) -> Network:
    """The network `number` of those that a campaign's predictor is judged by and never learns from: whole
    networks that repeat one family's block, as real ones do, families in turn. What a predictor errs in
    common on a kind of kernel adds up in them.
    """
    family = FAMILIES[number % len(FAMILIES)]
    name = f"judging_{seed}_{number}"
    return _first_affordable(
        f"judging/{seed}/{number}",
        lambda random: _whole(random, name, ((family, 3), (pointwise, 1)), _REPEATS),
    )


def exported_network(seed: int, number: int) -> Network:
    """The network `number` of those that are written as other tools would: families in turn as above, every
    other round with channels that fill blocks, as those of published networks do.
    """
    round_, place = divmod(number, len(FAMILIES))
    family = FAMILIES[place]
    name = f"exported_{seed}_{number}"
    return _first_affordable(
        f"exported/{seed}/{number}",
        lambda random: _whole(random, name, ((family, 2), (pointwise, 1), (pool, 0.5)), (1, 2)),
        STEPS if round_ % 2 else _BLOCKS,
    )


def _first_affordable(key: str, draw: Callable[[Draw], Network], steps: Sequence[int] = STEPS) -> Network:
    for attempt in range(_TRIES):
        try:
            network = draw(Draw(f"{key}/{attempt}", steps))
        except BuildError:
            continue
        if _affordable(network):
            return network
    raise BuildError(f"no network {key} is small enough")


def _draw(random: Draw, name: str) -> Network:
    share = random.random()
    if share < _SINGLE:
        return _part(random, name, 1)
    if share < _SINGLE + _SHORT:
        return _part(random, name, random.randint(2, 5))
    return _whole(random, name, PATTERNS, (1, 4))


def _part(random: Draw, name: str, length: int) -> Network:
    """A chain in the middle of a network: the smaller the maps, the more channels."""
    side = random.choice(_SIDES)
    most = min(1536, max(16, 40_000 // side))
    builder = Builder(name, Map(side, side, channels(random, 8, most)))
    result = _chain(builder, builder.input, random, length, PATTERNS)
    if random.random() < 0.15:
        result = _head(builder, result, random)
    return builder.finish(result)


def _whole(random: Draw, name: str, patterns: _Patterns, repeats: tuple[int, int]) -> Network:
    """From an image: a stem, stages that halve the map and widen it, perhaps a classifier."""
    height, width = random.choice(_IMAGES)
    builder = Builder(name, Map(height, width, 3))
    wide = channels(random, 8, 64)
    result = builder.conv(builder.input, wide, random.choice((3, 3, 5, 7)), 2, activation=Activation.RELU)
    if random.random() < 0.3:
        result = builder.max_pool(result, 3, 2)
    for _ in range(random.randint(2, 4)):
        if min(builder.map(result).height, builder.map(result).width) >= 8:
            wide = min(round(wide * random.choice((1, 1.5, 2))), 512)
            result = builder.conv(result, wide, random.choice((1, 3)), 2, activation=Activation.RELU)
        result = _chain(builder, result, random, random.randint(*repeats), patterns)
        wide = builder.map(result).channels
    if random.random() < 0.6:
        result = _head(builder, result, random)
    return builder.finish(result)


def _chain(builder: Builder, source: int, random: Draw, length: int, patterns: _Patterns) -> int:
    result = source
    known, weights = zip(*patterns, strict=True)
    while length > 0 or result < 0:
        [pattern] = random.choices(known, weights)
        result = pattern(builder, result, random)
        length -= 1
    return result


def _head(builder: Builder, source: int, random: Draw) -> int:
    result = builder.global_average(source)
    if random.random() < 0.3:
        result = builder.conv(result, channels(random, 128, 1536), activation=Activation.HSWISH)
    return builder.dense(result, random.choice((2, 10, 100, 1000, 1000)))


def _affordable(network: Network) -> bool:
    costs = network_costs(network)
    return (
        costs.macs <= MOST_MACS
        and costs.parameters <= MOST_PARAMETERS
        and max(node.result.elements for node in network.nodes) <= MOST_MAP
    )
