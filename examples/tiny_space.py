"""A search space of one's own: six layers of plain or separable convolutions on 32x32 images.

Register it in your package's pyproject.toml, and every command and server that has the package knows it:

    [project.entry-points."edgemeter.spaces"]
    tiny = "tiny_space:Tiny"
"""

import numpy as np

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.chain import Chain
from edgemeter.spaces.placing import Placing
from edgemeter.spaces.space import NOTHING, Column, Context, Layer, Placed

OPERATORS = ("plain_3", "separable_3", "separable_5", "skip")


class Tiny(Chain):
    name = "tiny"
    version = 1  # a new one when the same code would mean another network

    def __init__(self) -> None:
        placing = Placing()
        layers = [placing.fixed("stem", Context(32, 32, 3, 16, 1))]
        for number in range(6):
            size, channels = (32, 16) if number < 3 else (16, 32)
            first = number == 3
            before = Context(32, 32, 16, 32, 2) if first else Context(size, size, channels, channels, 1)
            positions = [
                # A skip that changes nothing is no operator at all.
                placing.position(operator, before, operator.split("_")[0], f"{size}x{size}")
                if operator != "skip" or first
                else NOTHING
                for operator in OPERATORS
            ]
            layers.append(Layer(f"layer{number + 1}", (number,), np.array(positions, dtype=np.int32)))
        layers.append(placing.fixed("tail", Context(16, 16, 32, 10, 1)))
        self.layers, self.placed = tuple(layers), placing.placed
        self.columns = tuple(Column(layer.name, OPERATORS) for layer in layers if layer.columns)

    def append(self, builder: Builder, source: int, placed: Placed) -> int:
        channels, stride = placed.context.channels_out, placed.context.stride
        match placed.operator.split("_"):
            case ["stem"] | ["plain", _]:
                return builder.conv(source, channels, 3, stride, activation=Activation.RELU)
            case ["separable", kernel]:
                inner = builder.depthwise(source, int(kernel), stride, Activation.RELU)
                return builder.conv(inner, channels, activation=Activation.RELU)
            case ["tail"]:
                return builder.dense(builder.global_average(source), channels)
        return builder.conv(source, channels, stride=stride)
