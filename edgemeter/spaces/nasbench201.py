"""`nasbench201`: the 15,625 cells of NAS-Bench-201 (arXiv:2001.00326) in the skeleton for CIFAR-10.

A cell has four nodes; each of six edges carries an operator, and a node is the sum of what comes in.
Convolutions are ReLU, convolution, batch norm, the last folded. Where no convolution can take a batch
norm in, before the last ReLU, a 1x1 depthwise convolution stands for it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import product
from operator import or_
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation, Map, Network
from edgemeter.spaces.codes import validate
from edgemeter.spaces.dead_edges import compiled_cells
from edgemeter.spaces.placing import Placing
from edgemeter.spaces.space import NOTHING, CodeError, Codes, Column, Context, Layer, Space

EDGES: Final = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  #: in the order of the text
OPERATORS: Final = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
STAGES: Final = (Map(32, 32, 16), Map(16, 16, 32), Map(8, 8, 64))
CELLS: Final = 5  #: of a stage
CLASSES: Final = 10
_FREE: Final = ("none", "skip_connect")  # they compute nothing
_OUTPUT: Final = 3
_TEXT: Final = re.compile(
    r"\|([^|~]+)~0\|\+\|([^|~]+)~0\|([^|~]+)~1\|\+\|([^|~]+)~0\|([^|~]+)~1\|([^|~]+)~2\|"
)


class NasBench201(Space):
    name = "nasbench201"
    version = 1
    columns = tuple(Column(f"{source}->{target}", OPERATORS) for source, target in EDGES)

    def __init__(self) -> None:
        placing = Placing()
        layers = [placing.fixed("stem", Context(32, 32, 3, STAGES[0].channels, 1))]
        for number, here in enumerate(STAGES):
            if number:
                before = STAGES[number - 1]
                reduction = Context(before.height, before.width, before.channels, here.channels, 2)
                layers.append(placing.fixed("reduction", reduction, f"reduction{number}"))
            for cell in range(CELLS):
                layers += _cell_layers(placing, f"stage{number + 1}.cell{cell + 1}", here)
        layers.append(placing.fixed("tail", Context(8, 8, STAGES[-1].channels, CLASSES, 1)))
        self.layers, self.placed = tuple(layers), placing.placed

    def build(self, codes: Codes, batch: int = 1) -> Network:
        """CodeError, too, where no path leads through the cell: nothing of the input reaches the output."""
        if validate(self, codes).ndim != 1:
            raise CodeError(f"one architecture is a row of {len(self.columns)} codes, not {codes.shape}")
        cell = self.canonical(codes)
        if not cell.any():
            raise CodeError(f"no path leads through the cell {self.words(codes)}: it computes nothing")
        builder = Builder(self.name, Map(32, 32, 3), batch)
        result = builder.conv(builder.input, STAGES[0].channels, 3)
        for number, here in enumerate(STAGES):
            if number:
                result = _reduction(builder, result, here.channels)
            for _ in range(CELLS):
                result = _cell(builder, result, cell)
        return builder.finish(_tail(builder, result))

    def build_placed(self, position: int, batch: int = 1) -> Network:
        placed = self.placed[position]
        context = placed.context
        here = Map(context.height, context.width, context.channels_in)
        builder = Builder(placed.key, here, batch)
        return builder.finish(_append(builder, builder.input, placed.operator, context.channels_out))

    def canonical(self, codes: Codes) -> Codes:
        """With `none` on every edge that is fed by nothing or reaches nothing."""
        present = {edge: codes[..., number] != 0 for number, edge in enumerate(EDGES)}
        everything = np.ones(codes.shape[:-1], dtype=bool)
        fed, used = {0: everything}, {_OUTPUT: everything}
        for node in (1, 2, 3):
            fed[node] = _any(present[source, node] & fed[source] for source in range(node))
        for node in (2, 1):
            used[node] = _any(present[node, target] & used[target] for target in range(node + 1, 4))
        alive = np.stack([fed[source] & used[target] for source, target in EDGES], axis=-1)
        return np.asfortranarray(np.where(alive, codes, np.uint8(0)))

    def compiled(self, codes: Codes) -> Mapping[str, Codes]:
        return {"pruned": self.canonical(codes), **compiled_cells(codes, EDGES)}

    def computes(self, codes: Codes) -> NDArray[np.bool_]:
        return np.asarray(self.canonical(codes).any(axis=1))

    def join_words(self, words: Sequence[str]) -> str:
        """The benchmark's own text, `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`."""
        chosen = [f"{operator}~{source}|" for operator, (source, _) in zip(words, EDGES, strict=True)]
        return f"|{chosen[0]}+|{''.join(chosen[1:3])}+|{''.join(chosen[3:])}"

    def split_words(self, text: str) -> Sequence[str]:
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise CodeError(f"a cell of {self.name} reads |op~0|+|op~0|op~1|+|op~0|op~1|op~2|")
        return found.groups()


def _any(values: Iterable[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    return reduce(or_, values)


def _cell_layers(placing: Placing, name: str, here: Map) -> list[Layer]:
    """The edges' operators, then the sums of the nodes where more than one edge comes in."""
    context = Context(here.height, here.width, here.channels, here.channels, 1)
    stage = f"{here.height}x{here.width}x{here.channels}"

    def position(operator: str) -> int:
        return NOTHING if operator in _FREE else placing.position(operator, context, operator, stage)

    operators = np.array([position(operator) for operator in OPERATORS], dtype=np.int32)
    layers = [
        Layer(f"{name}.{source}->{target}", (column,), operators)
        for column, (source, target) in enumerate(EDGES)
    ]
    for node in (2, 3):
        columns = tuple(column for column, (_, target) in enumerate(EDGES) if target == node)
        sums = np.full([len(OPERATORS)] * len(columns), NOTHING, dtype=np.int32)
        for codes in product(range(len(OPERATORS)), repeat=len(columns)):
            terms = sum(code != 0 for code in codes)
            if terms > 1:
                sums[codes] = placing.position(f"sum_{terms}", context, "sum", stage)
        layers.append(Layer(f"{name}.node{node}", columns, sums))
    return layers


def _append(builder: Builder, source: int, operator: str, channels: int) -> int:
    match operator:
        case "stem":
            return builder.conv(source, channels, 3)
        case "reduction":
            return _reduction(builder, source, channels)
        case "tail":
            return _tail(builder, source)
        case "nor_conv_1x1" | "nor_conv_3x3":
            kernel = int(operator[-1])
            return builder.conv(builder.activate(source, Activation.RELU), channels, kernel)
        case "avg_pool_3x3":
            return builder.average_pool(source, 3)
        case _:
            return builder.add(*[source] * int(operator.removeprefix("sum_")))


def _cell(builder: Builder, source: int, cell: Codes) -> int:
    """Node by node: what each edge gives, then their sum."""
    nodes: dict[int, int] = {0: source}
    for target in (1, 2, 3):
        terms = []
        for code, edge in zip(cell.tolist(), EDGES, strict=True):
            if code and edge[1] == target:
                operator, start = OPERATORS[code], nodes[edge[0]]
                channels = builder.map(start).channels
                terms.append(start if operator in _FREE else _append(builder, start, operator, channels))
        if terms:
            nodes[target] = builder.add(*terms) if len(terms) > 1 else terms[0]
    return nodes[_OUTPUT]


def _reduction(builder: Builder, source: int, channels: int) -> int:
    """The basic block of ResNet with stride 2; its shortcut averages 2x2 before a 1x1 convolution."""
    inner = builder.conv(builder.activate(source, Activation.RELU), channels, 3, 2)
    inner = builder.conv(builder.activate(inner, Activation.RELU), channels, 3)
    return builder.add(builder.conv(builder.average_pool(source, 2, 2), channels), inner)


def _tail(builder: Builder, source: int) -> int:
    normed = builder.depthwise(source, 1, activation=Activation.RELU)
    return builder.dense(builder.global_average(normed), CLASSES)
