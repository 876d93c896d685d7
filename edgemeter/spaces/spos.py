"""`spos`: the space of Single Path One-Shot NAS (arXiv:1904.00420) with its channel search.

Four units of ShuffleNetV2, whose middle channels are a factor of half of the layer's channels, rounded
down. The classifier has a bias here; the published network has none.
"""

from typing import Final

import numpy as np

from edgemeter.networks.building import Builder
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
from edgemeter.spaces.space import Column, Context, Layer, Placed

OPERATORS: Final = ("Choice_3", "Choice_5", "Choice_7", "ChoiceX")
FIFTHS: Final = (1, 2, 3, 4, 5, 6, 7, 8)  #: the channel factors 0.2 to 1.6


class Spos(Scaled):
    name = "spos"
    version = 1

    def __init__(self) -> None:
        placing, contexts = Placing(), layer_contexts()
        stem = placing.fixed("stem", stem_context())
        chosen = [_layer(placing, number, context) for number, context in enumerate(contexts)]
        self.layers = (stem, *chosen, placing.fixed("tail", tail_context()))
        factors = tuple(f"{fifths / 5:.1f}" for fifths in FIFTHS)
        self.columns = (
            *(Column(layer.name, OPERATORS) for layer in chosen),
            *(Column(f"{layer.name}.factor", factors) for layer in chosen),
        )
        self.placed = placing.placed

    def append(self, builder: Builder, source: int, placed: Placed) -> int:
        if placed.operator in ("stem", "tail"):
            return append_frame(builder, source, placed.operator, placed.context)
        family, middle = placed.operator.rsplit("_m", 1)
        if family == "ChoiceX":
            return xception_unit(builder, source, placed.context, int(middle))
        return shuffle_unit(builder, source, placed.context, int(family[-1]), int(middle))


def _layer(placing: Placing, number: int, context: Context) -> Layer:
    half = context.channels_out // 2
    positions = [
        [
            # The middle channels are part of the operator: they change nothing outside of it.
            placing.position(f"{operator}_m{half * fifths // 5}", context, operator, stage_of(context))
            for fifths in FIFTHS
        ]
        for operator in OPERATORS
    ]
    return Layer(f"layer{number + 1}", (number, LAYERS + number), np.array(positions, dtype=np.int32))
