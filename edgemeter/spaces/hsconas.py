"""`hsconas` and `hsconas-b`: the space of HSCoNAS (arXiv:2103.08325) with channel layouts A and B.

Each of 20 layers has an operator and a channel factor that masks its output. The paper names neither the
five operators nor the stages: these are SPOS's units, skip, and SPOS's stages, stem and tail. A factor's
channels are rounded half up (5 x 0.5 = 3), then up to even, as the two halves of a unit need.

Where a layer's width or size changes, a unit projects half of its channels from the whole input, and
`skip` is FBNet's (arXiv:1812.03443): a 1x1 convolution with the stride, and ReLU. Elsewhere `skip` is
nothing at all.
"""

from itertools import pairwise
from typing import Final

import numpy as np

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.backbone import (
    LAYERS,
    append_frame,
    layer_contexts,
    stage_of,
    stem_context,
    tail_context,
)
from edgemeter.spaces.blocks.shufflenet import shuffle_unit, xception_unit
from edgemeter.spaces.placing import Placing
from edgemeter.spaces.scaled import Scaled
from edgemeter.spaces.space import NOTHING, Column, Context, Layer, Placed

OPERATORS: Final = ("Choice_3", "Choice_5", "Choice_7", "ChoiceX", "skip")
TENTHS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)  #: the channel factors 0.1 to 1.0
LAYOUT_A: Final = (48, 128, 256, 512)
LAYOUT_B: Final = (68, 168, 336, 672)


_FACTORS: Final = tuple(f"{tenths / 10:.1f}" for tenths in TENTHS)


class Hsconas(Scaled):
    version = 1

    def __init__(self, name: str, layout: tuple[int, ...]) -> None:
        self.name = name
        placing, full = Placing(), layer_contexts(layout)
        stem = placing.fixed("stem", stem_context())
        widths = [(full[0].channels_in,), *(_widths(context.channels_out) for context in full)]
        chosen = [
            _layer(placing, number, context, before, own)
            for number, (context, (before, own)) in enumerate(zip(full, pairwise(widths), strict=True))
        ]
        tails = [placing.position("tail", tail_context(width), "tail", "tail") for width in widths[-1]]
        tail = Layer("tail", (2 * len(full) - 1,), np.array(tails, dtype=np.int32))
        self.layers, self.placed = (stem, *chosen, tail), placing.placed
        self.columns = (
            *(Column(layer.name, OPERATORS) for layer in chosen),
            *(Column(f"{layer.name}.factor", _FACTORS) for layer in chosen),
        )

    def append(self, builder: Builder, source: int, placed: Placed) -> int:
        context = placed.context
        if placed.operator in ("stem", "tail"):
            return append_frame(builder, source, placed.operator, context)
        if placed.operator == "skip":
            return builder.conv(
                source, context.channels_out, stride=context.stride, activation=Activation.RELU
            )
        half = context.channels_out // 2
        if placed.operator == "ChoiceX":
            return xception_unit(builder, source, context, half, projected=half)
        return shuffle_unit(builder, source, context, int(placed.operator[-1]), half, projected=half)


def hsconas() -> Hsconas:
    """Layout A."""
    return Hsconas("hsconas", LAYOUT_A)


def hsconas_b() -> Hsconas:
    """Layout B."""
    return Hsconas("hsconas-b", LAYOUT_B)


def scaled_channels(channels: int, tenths: int) -> int:
    """`tenths` tenths of `channels`, rounded half up and then up to even."""
    rounded = (2 * channels * tenths + 10) // 20
    return rounded + rounded % 2


def _widths(channels: int) -> tuple[int, ...]:
    return tuple(scaled_channels(channels, tenths) for tenths in TENTHS)


def _layer(
    placing: Placing, number: int, full: Context, before: tuple[int, ...], own: tuple[int, ...]
) -> Layer:
    """A table by operator, factor before (unless that is the stem's) and own factor."""

    def position(operator: str, channels_in: int, channels_out: int) -> int:
        context = Context(full.height, full.width, channels_in, channels_out, full.stride)
        if operator == "skip" and context.stride == 1 and channels_in == channels_out:
            return NOTHING
        return placing.position(operator, context, operator, stage_of(full))

    table = np.array(
        [[[position(each, into, out) for out in own] for into in before] for each in OPERATORS],
        dtype=np.int32,
    )
    factor = LAYERS + number
    if len(before) == 1:
        return Layer(f"layer{number + 1}", (number, factor), table[:, 0])
    return Layer(f"layer{number + 1}", (number, factor - 1, factor), table)
