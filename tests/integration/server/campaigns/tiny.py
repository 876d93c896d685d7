"""A search space so small that a test can measure all of it: two places for one of two convolutions."""

from types import SimpleNamespace

import numpy as np

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Map, Network
from edgemeter.spaces.space import Codes, Column, Context, Layer, Placed, Space

INPUT = Map(16, 16, 3)
CONTEXTS = (Context(8, 8, 8, 8, 1), Context(8, 8, 8, 16, 2))
KERNELS = {"conv3": 3, "conv5": 5}
STEM = Placed("stem", Context(16, 16, 3, 8, 2), "fixed", "stem")
TAIL = Placed("tail", Context(4, 4, 16, 10, 1), "fixed", "tail")


class Tiny(Space):
    def __init__(self) -> None:
        self.name, self.version = "tiny", 1
        self.columns = tuple(Column(f"layer{number}", tuple(KERNELS)) for number in (1, 2))
        choices = [
            Placed(name, context, "conv", str(context.height)) for context in CONTEXTS for name in KERNELS
        ]
        self.placed = (STEM, *choices, TAIL)
        tables = (np.array([1, 2], np.int32), np.array([3, 4], np.int32))
        self.layers = (
            Layer("stem", (), np.array(0, np.int32)),
            *(Layer(f"layer{number + 1}", (number,), table) for number, table in enumerate(tables)),
            Layer("tail", (), np.array(5, np.int32)),
        )

    def build(self, codes: Codes, batch: int = 1) -> Network:
        builder = Builder("tiny", INPUT, batch)
        at = builder.input
        for position in (0, 1 + int(codes[0]), 3 + int(codes[1]), 5):
            at = self._add(builder, at, position)
        return builder.finish(at)

    def build_placed(self, position: int, batch: int = 1) -> Network:
        context = self.placed[position].context
        builder = Builder("tiny", Map(context.height, context.width, context.channels_in), batch)
        return builder.finish(self._add(builder, builder.input, position))

    def _add(self, builder: Builder, at: int, position: int) -> int:
        placed = self.placed[position]
        if placed is TAIL:
            return builder.dense(builder.global_average(at), placed.context.channels_out)
        kernel = KERNELS.get(placed.operator, 3)
        return builder.conv(at, placed.context.channels_out, kernel, placed.context.stride)


ENTRY_POINTS = {"tiny": SimpleNamespace(load=lambda: Tiny, value="tests")}
