"""`hurricane`: the operators and the backbone of HURRICANE (arXiv:1910.11609, tables 1 and 2).

What the paper leaves open is chosen as its sources have it: batch norms are folded; SEP keeps its channels
in the first half (DARTS); MB has ReLU6, no expansion where e = 1, and its SE after the depthwise
convolution; elsewhere SE ends the branch. Stem 16, last 1024 and 1000 classes are SPOS's.
"""

from typing import Final

import numpy as np

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.chain import Chain
from edgemeter.spaces.gating import hswish_gate
from edgemeter.spaces.inverted import inverted_bottleneck
from edgemeter.spaces.placing import Placing
from edgemeter.spaces.separable import twice_separable
from edgemeter.spaces.shufflenet import shuffle_unit, xception_unit
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
STAGES: Final = ((4, 64), (4, 160), (8, 320), (4, 640))  #: layers and channels; each begins with stride 2
INPUT: Final = 224
STEM: Final = 16
LAST: Final = 1024
CLASSES: Final = 1000


class Hurricane(Chain):
    name = "hurricane"
    version = 1

    def __init__(self) -> None:
        placing = Placing()
        layers = [placing.fixed("stem", Context(INPUT, INPUT, 3, STEM, 2))]
        layers += [_layer(placing, column, context) for column, context in enumerate(backbone(STAGES, STEM))]
        layers.append(placing.fixed("tail", Context(7, 7, STAGES[-1][1], CLASSES, 1)))
        self.layers = tuple(layers)
        self.columns = tuple(Column(layer.name, OPERATORS) for layer in layers if layer.columns)
        self.placed = placing.placed

    def append(self, builder: Builder, source: int, placed: Placed) -> int:
        match placed.operator:
            case "stem":
                return stem(builder, source, placed.context)
            case "tail":
                return tail(builder, source, placed.context)
            case operator:
                return append_operator(builder, source, operator, placed.context)


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


def backbone(stages: tuple[tuple[int, int], ...], channels_in: int) -> list[Context]:
    """The contexts of SPOS's layers, from half of the input's resolution on."""
    contexts, size = [], INPUT // 2
    for layers, channels in stages:
        contexts.append(Context(size, size, channels_in, channels, 2))
        size, channels_in = size // 2, channels
        contexts += (layers - 1) * [Context(size, size, channels, channels, 1)]
    return contexts


def stem(builder: Builder, source: int, context: Context) -> int:
    """A convolution 3x3."""
    return builder.conv(source, context.channels_out, 3, context.stride, activation=Activation.RELU)


def tail(builder: Builder, source: int, context: Context) -> int:
    """1x1 to 1024, the mean, and the classes."""
    last = builder.conv(source, LAST, activation=Activation.RELU)
    return builder.dense(builder.global_average(last), context.channels_out)


def stage_of(context: Context) -> str:
    """The resolution and the channels that go out: what table 1 calls the output's shape."""
    height, width = context.height // context.stride, context.width // context.stride
    return f"{height}x{width}x{context.channels_out}"


def _layer(placing: Placing, column: int, context: Context) -> Layer:
    positions = [
        placing.position(operator, context, _family(operator), stage_of(context)) for operator in OPERATORS
    ]
    return Layer(f"layer{column + 1}", (column,), np.array(positions, dtype=np.int32))


def _family(operator: str) -> str:
    kind = operator.partition("_")[0]
    return f"{kind}_SE" if operator.endswith("_SE") else kind
