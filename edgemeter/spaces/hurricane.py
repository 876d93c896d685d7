"""`hurricane`: the operators and the backbone of HURRICANE (arXiv:1910.11609, tables 1 and 2).

What the paper leaves open is chosen as its sources have it: batch norms are folded; SEP keeps its channels
in the first half (DARTS); MB has ReLU6, no expansion where e = 1, and its SE after the depthwise
convolution; elsewhere SE ends the branch. Stem 16, last 1024 and 1000 classes are SPOS's.
"""

from typing import Final

import numpy as np

from edgemeter.networks.building import Builder
from edgemeter.spaces.backbone import append_frame, layer_contexts, stage_of, stem_context, tail_context
from edgemeter.spaces.blocks.gating import hswish_gate
from edgemeter.spaces.blocks.inverted import inverted_bottleneck
from edgemeter.spaces.blocks.separable import twice_separable
from edgemeter.spaces.blocks.shufflenet import shuffle_unit, xception_unit
from edgemeter.spaces.chain import Chain
from edgemeter.spaces.placing import Placing
from edgemeter.spaces.space import Column, Context, Layer, Placed

KERNELS: Final = (3, 5, 7)
EXPANSIONS: Final = (1, 3, 6)
OPERATORS: Final = (
    *(f"SEP_{kernel}{se}" for se in ("", "_SE") for kernel in KERNELS),
    *(f"MB_{kernel}_{expansion}{se}" for se in ("", "_SE") for kernel in KERNELS for expansion in EXPANSIONS),
    *(f"Choice_{kernel}{se}" for se in ("", "_SE") for kernel in KERNELS),
    "ChoiceX",
    "ChoiceX_SE",
)


class Hurricane(Chain):
    name = "hurricane"
    version = 1

    def __init__(self) -> None:
        placing = Placing()
        stem = placing.fixed("stem", stem_context())
        chosen = [_layer(placing, column, context) for column, context in enumerate(layer_contexts())]
        self.layers = (stem, *chosen, placing.fixed("tail", tail_context()))
        self.columns = tuple(Column(layer.name, OPERATORS) for layer in chosen)
        self.placed = placing.placed

    def append(self, builder: Builder, source: int, placed: Placed) -> int:
        if placed.operator in ("stem", "tail"):
            return append_frame(builder, source, placed.operator, placed.context)
        return append_operator(builder, source, placed.operator, placed.context)


def append_operator(builder: Builder, source: int, operator: str, context: Context) -> int:
    """One of the 32 operators, by its name in table 2."""
    kind, *numbers = operator.removesuffix("_SE").split("_")
    gated = operator.endswith("_SE")
    middle = context.channels_out // 2
    match kind, [int(each) for each in numbers]:
        case "SEP", [kernel]:
            result = twice_separable(builder, source, context, kernel)
            return hswish_gate(builder, result) if gated else result
        case "MB", [kernel, expansion]:
            gate = hswish_gate if gated else None
            expanded = expansion * context.channels_in
            return inverted_bottleneck(builder, source, context, kernel, expanded, gate=gate)
        case "Choice", [kernel]:
            return shuffle_unit(builder, source, context, kernel, middle, gated=gated)
        case _:
            return xception_unit(builder, source, context, middle, gated=gated)


def _layer(placing: Placing, column: int, context: Context) -> Layer:
    positions = [
        placing.position(operator, context, _family(operator), stage_of(context)) for operator in OPERATORS
    ]
    return Layer(f"layer{column + 1}", (column,), np.array(positions, dtype=np.int32))


def _family(operator: str) -> str:
    kind = operator.partition("_")[0]
    return f"{kind}_SE" if operator.endswith("_SE") else kind
