"""How networks are put together: what a sampled network is a chain of.

A pattern takes a builder, the position of a map and random numbers, and gives the position of its result.
It returns its source unchanged where it does not fit there.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation

#: Steps of which drawn channels are multiples: mostly of 8, as networks have them, else of 16, 4, 2 or 1.
STEPS: Final = (16, 8, 8, 8, 4, 2, 1)


class Draw(Random):
    """Random numbers, and the steps of which the channels that they draw are multiples."""

    def __init__(self, key: str, steps: Sequence[int] = STEPS) -> None:
        super().__init__(key)
        self.steps = steps


Pattern = Callable[[Builder, int, Draw], int]

_CLIPS: Final = (Activation.RELU, Activation.RELU6, Activation.HSWISH, None)
_KERNELS: Final = (3, 3, 5, 7)


def channels(random: Draw, least: int, most: int) -> int:
    """Log-uniform."""
    step = random.choice(random.steps)
    drawn = least * (most / least) ** random.random()
    return max(step, int(round(drawn / step) * step))


def _near(random: Draw, now: int) -> int:
    """Channels of the next map: as many, or between a third and three times."""
    return now if random.random() < 0.3 else channels(random, max(now // 3, 8), min(3 * now, 1536))


def _stride(builder: Builder, source: int, random: Draw) -> int:
    here = builder.map(source)
    return 2 if min(here.height, here.width) > 2 and random.random() < 0.25 else 1


def convolution(builder: Builder, source: int, random: Draw) -> int:
    kernel = random.choice((1, 1, 3, 3, 5, 7))
    stride = _stride(builder, source, random)
    here = builder.map(source).channels
    return builder.conv(source, _near(random, here), kernel, stride, activation=random.choice(_CLIPS))


def pointwise(builder: Builder, source: int, random: Draw) -> int:
    here = builder.map(source).channels
    return builder.conv(source, _near(random, here), activation=random.choice(_CLIPS))


def separable(builder: Builder, source: int, random: Draw) -> int:
    activation = random.choice(_CLIPS)
    inner = builder.depthwise(source, random.choice(_KERNELS), _stride(builder, source, random), activation)
    return builder.conv(inner, _near(random, builder.map(source).channels), activation=activation)


def inverted(builder: Builder, source: int, random: Draw) -> int:
    """MobileNet's: expand, depthwise, perhaps a squeeze-and-excite, project, perhaps a residual."""
    activation = random.choice(_CLIPS[:3])
    here = builder.map(source).channels
    stride = _stride(builder, source, random)
    inner = builder.conv(source, here * random.choice((1, 2, 3, 4, 6)), activation=activation)
    inner = builder.depthwise(inner, random.choice(_KERNELS), stride, activation)
    if random.random() < 0.3:
        inner = builder.squeeze_excite(inner)
    if stride == 1 and random.random() < 0.6:
        return builder.add(source, builder.conv(inner, here))
    return builder.conv(inner, _near(random, here))


def residual(builder: Builder, source: int, random: Draw) -> int:
    """ResNet's, basic or with a bottleneck."""
    relu, here = Activation.RELU, builder.map(source).channels
    if random.random() < 0.5:
        inner = builder.conv(source, here, 3, activation=relu)
        inner = builder.conv(inner, here, 3)
    else:
        narrow = max(here // 4, 8)
        inner = builder.conv(source, narrow, activation=relu)
        inner = builder.conv(builder.conv(inner, narrow, 3, activation=relu), here)
    return builder.activate(builder.add(source, inner), relu)


def fused(builder: Builder, source: int, random: Draw) -> int:
    """EdgeTPU's: a dense convolution that expands, and a projection."""
    here = builder.map(source).channels
    stride = _stride(builder, source, random)
    inner = builder.conv(source, here * random.choice((2, 4, 8)), 3, stride, activation=Activation.RELU)
    result = builder.conv(inner, here)
    return builder.add(source, result) if stride == 1 else result


def grouped(builder: Builder, source: int, random: Draw) -> int:
    here = builder.map(source).channels
    groups = random.choice([n for n in (2, 3, 4, 8, 16, 32) if here % n == 0] or [1])
    kernel = random.choice((1, 3, 3, 5))
    stride = _stride(builder, source, random)
    return builder.conv(source, here, kernel, stride, groups, activation=random.choice(_CLIPS))


def regrouped(builder: Builder, source: int, random: Draw) -> int:
    """ShuffleNet's first version: 1x1 convolutions of groups, shuffled between."""
    relu, here = Activation.RELU, builder.map(source).channels
    fitting = [n for n in (2, 3, 4, 8) if here % n == 0 and here > n]
    if not fitting:
        return source
    groups = random.choice(fitting)
    inner = builder.conv(source, here, groups=groups, activation=relu)
    inner = builder.depthwise(builder.shuffle(inner, groups), random.choice(_KERNELS))
    inner = builder.conv(inner, here, groups=groups)
    return builder.activate(builder.add(source, inner), relu)


def shuffled(builder: Builder, source: int, random: Draw) -> int:
    """ShuffleNet's: half of the channels through a branch, both halves joined and shuffled."""
    here = builder.map(source).channels
    if here % 2:
        return source
    relu = Activation.RELU
    kept, inner = builder.split(source)
    inner = builder.conv(inner, here // 2, activation=relu)
    inner = builder.depthwise(inner, random.choice(_KERNELS))
    inner = builder.conv(inner, here // 2, activation=relu)
    return builder.shuffle(builder.concat(kept, inner), 2)


def branches(builder: Builder, source: int, random: Draw) -> int:
    """Inception's and SqueezeNet's: convolutions side by side, joined."""
    relu, here = Activation.RELU, builder.map(source).channels
    found = [builder.conv(source, _near(random, here), activation=relu)]
    for kernel in random.sample((3, 3, 5), random.randint(1, 3)):
        inner = builder.conv(source, max(_near(random, here) // 2, 8), activation=relu)
        found.append(builder.conv(inner, _near(random, here), kernel, activation=relu))
    if random.random() < 0.5:
        found.append(builder.conv(builder.max_pool(source, 3), max(here // 4, 8), activation=relu))
    return builder.concat(*found)


def pool(builder: Builder, source: int, random: Draw) -> int:
    kind = random.choice((builder.max_pool, builder.max_pool, builder.average_pool))
    return kind(source, random.choice((2, 3, 3)), _stride(builder, source, random))


def activation(builder: Builder, source: int, random: Draw) -> int:
    """Beside a convolution that somebody else reads too: none can be fused with it."""
    result = builder.activate(source, random.choice(tuple(Activation)))
    return result if source < 0 else builder.add(source, result)


PATTERNS: Final[tuple[tuple[Pattern, float], ...]] = (
    (convolution, 4),
    (pointwise, 3),
    (separable, 2),
    (inverted, 4),
    (residual, 1.5),
    (fused, 1),
    (grouped, 1),
    (regrouped, 0.8),
    (shuffled, 1),
    (branches, 1.5),
    (pool, 1),
    (activation, 0.7),
)

#: What a real network repeats from its stem to its head.
FAMILIES: Final[tuple[Pattern, ...]] = (
    inverted,
    residual,
    separable,
    branches,
    shuffled,
    fused,
    convolution,
    regrouped,
)
