"""`multihw`: the multi-hardware space of Chu et al. (arXiv:2008.08178, section 6.1).

It is centred on MobileNetV3-Large without squeeze-and-excite and h-swish. A stage searches its filters,
how many blocks it repeats, and each block's kind, kernel and expansion. Filters are MobileNetV3's times
one of seven ratios, to the nearest multiple of 32 (half up); ratios that give the same filters are one
choice. As in the two published networks there are five stages, the first with stride 2, stem 32, and a
head of 960 and 1280 that is not searched. Blocks beyond a stage's repeats are dead codes.
"""

from itertools import pairwise
from typing import Final

import numpy as np

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.blocks.fused import fused_bottleneck
from edgemeter.spaces.blocks.inverted import inverted_bottleneck
from edgemeter.spaces.chain import Chain
from edgemeter.spaces.placing import Placing
from edgemeter.spaces.space import NOTHING, Codes, Column, Context, Layer, Placed

MULTIPLE: Final = 32
STEM: Final = 32
FILTERS: Final = (24, 40, 80, 112, 160)  #: MobileNetV3-Large's stages after its first
STRIDES: Final = (2, 2, 2, 1, 2)
RATIOS: Final = (0.5, 0.625, 0.75, 1.0, 1.25, 1.5, 2.0)  #: all exact in binary
REPEATS: Final = (1, 2, 3, 4)
BLOCKS: Final = tuple(
    f"{kind}_{kernel}_{expansion}"
    for kind in ("IB", "Fused")
    for kernel in (3, 5)
    for expansion in range(1, 7)
)
HEAD: Final = (960, 1280)
CLASSES: Final = 1000


class MultiHardware(Chain):
    name = "multihw"
    version = 1

    def __init__(self) -> None:
        placing = Placing()
        layers = [placing.fixed("stem", Context(224, 224, 3, STEM, 2))]
        widths = [(STEM,), *map(_filters, FILTERS)]
        size = 112
        for number, (before, own) in enumerate(pairwise(widths)):
            layers += _stage(placing, number, size, before, own)
            size //= STRIDES[number]
        tails = [
            placing.position("tail", Context(size, size, width, CLASSES, 1), "tail", "tail")
            for width in widths[-1]
        ]
        layers.append(Layer("tail", (_filters_column(len(FILTERS) - 1),), np.array(tails, dtype=np.int32)))
        self.layers, self.placed = tuple(layers), placing.placed
        self.columns = tuple(
            column for number, own in enumerate(widths[1:]) for column in _stage_columns(number, own)
        )

    def append(self, builder: Builder, source: int, placed: Placed) -> int:
        context, relu = placed.context, Activation.RELU
        match placed.operator.split("_"):
            case ["stem"]:
                return builder.conv(source, context.channels_out, 3, context.stride, activation=relu)
            case ["tail"]:
                last = builder.conv(source, HEAD[0], activation=relu)
                last = builder.conv(builder.global_average(last), HEAD[1], activation=relu)
                return builder.dense(last, context.channels_out)
            case [kind, kernel, expansion]:
                block = fused_bottleneck if kind == "Fused" else inverted_bottleneck
                expanded = int(expansion) * context.channels_in
                return block(builder, source, context, int(kernel), expanded, activation=relu)
        raise AssertionError(placed.operator)

    def canonical(self, codes: Codes) -> Codes:
        """With 0 for each block beyond its stage's repeats."""
        result = np.array(codes, order="F")
        for stage in range(len(FILTERS)):
            repeats = _filters_column(stage) + 1
            for block in range(1, len(REPEATS)):
                result[..., repeats + 1 + block][codes[..., repeats] < block] = 0
        return result


def _filters(channels: int) -> tuple[int, ...]:
    found = {MULTIPLE * max(1, int(channels * ratio / MULTIPLE + 0.5)) for ratio in RATIOS}
    return tuple(sorted(found))


def _filters_column(stage: int) -> int:
    """Each stage has its filters, its repeats, and its blocks."""
    return stage * (2 + len(REPEATS))


def _stage_columns(number: int, filters: tuple[int, ...]) -> list[Column]:
    name = f"stage{number + 1}"
    blocks = [Column(f"{name}.block{block}", BLOCKS) for block in REPEATS]
    return [
        Column(f"{name}.filters", tuple(map(str, filters))),
        Column(f"{name}.repeats", tuple(map(str, REPEATS))),
        *blocks,
    ]


def _stage(
    placing: Placing, number: int, size: int, before: tuple[int, ...], own: tuple[int, ...]
) -> list[Layer]:
    """The first block by the filters before and the stage's own; each other by the own, and whether it
    stands.
    """
    stride, name = STRIDES[number], f"stage{number + 1}"
    after = size // stride
    filters = _filters_column(number)

    def blocks(height: int, channels_in: int, channels_out: int, step: int) -> list[int]:
        context = Context(height, height, channels_in, channels_out, step)
        return [placing.position(each, context, each.split("_")[0], f"{after}x{after}") for each in BLOCKS]

    first = np.array([[blocks(size, into, out, stride) for out in own] for into in before], dtype=np.int32)
    columns = (filters, filters + 2)
    if len(before) == 1:
        layers = [Layer(f"{name}.block1", columns, first[0])]
    else:
        layers = [Layer(f"{name}.block1", (_filters_column(number - 1), *columns), first)]
    again = np.array([blocks(after, out, out, 1) for out in own], dtype=np.int32)
    for block in range(1, len(REPEATS)):
        table = np.stack(
            [again if block <= repeats else np.full_like(again, NOTHING) for repeats in range(4)], 1
        )
        layers.append(Layer(f"{name}.block{block + 1}", (filters, filters + 1, filters + 2 + block), table))
    return layers
