"""A small space without networks, for what needs codes and tables only; and latencies drawn for it."""

from functools import cached_property

import numpy as np

from edgemeter.networks.network import Network
from edgemeter.spaces.space import NOTHING, Codes, Column, Context, Layer, Placed, Space
from edgemeter_predictors.data import OperatorTable, SpaceData
from edgemeter_predictors.terms import entry_index, layer_terms, spread_placed

OPERATORS = ("A_3", "A_5", "B_3", "B_5", "B_7")
LAYERS, STAGES = 6, 2


class Blocks(Space):
    """Six layers in two stages choose one of five operators or skip; the last layer also its width."""

    name = "blocks"
    version = 1
    columns = (
        *(Column(f"layer{n}", (*OPERATORS, "skip")) for n in range(LAYERS)),
        Column("width", ("half", "full")),
    )

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        contexts = [
            ("early", Context(28, 28, 32, 32, 1)),
            ("late", Context(14, 14, 64, 32, 1)),
            ("late", Context(14, 14, 64, 64, 1)),
        ]
        stem = Placed("stem", Context(56, 56, 3, 32, 2), "stem", "stem")
        return (stem, *(Placed(o, c, o[0], stage) for stage, c in contexts for o in OPERATORS))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        def choices(context: int) -> list[int]:
            return [*(1 + context * len(OPERATORS) + n for n in range(len(OPERATORS))), NOTHING]

        plain = [
            Layer(f"layer{n}", (n,), np.array(choices(0 if n < LAYERS // STAGES else 2), np.int32))
            for n in range(LAYERS - 1)
        ]
        last = Layer("last", (LAYERS - 1, LAYERS), np.array([choices(1), choices(2)], np.int32).T.copy())
        return (Layer("stem", (), np.array(0, np.int32)), *plain, last)

    def build(self, codes: Codes, batch: int = 1) -> Network:
        raise NotImplementedError

    def build_placed(self, position: int, batch: int = 1) -> Network:
        raise NotImplementedError


SPACE = Blocks()


def sample(rows: int, seed: int = 0) -> Codes:
    rng = np.random.default_rng(seed)
    lengths = [len(column.choices) for column in SPACE.columns]
    return np.column_stack([rng.integers(0, length, rows, np.uint8) for length in lengths])


def table(seed: int = 0) -> OperatorTable:
    rng = np.random.default_rng(seed)
    latency_ms = rng.uniform(0.2, 2.0, len(SPACE.placed))
    return OperatorTable(latency_ms, np.full(len(latency_ms), 0.02))


def data(rows: int = 60, seed: int = 0, noise: float = 0.02) -> SpaceData:
    """Latencies 15 % above the table's sums and 0.4 ms, with relative noise."""
    codes, operators = sample(rows, seed), table(seed)
    entries_ms = spread_placed(SPACE, operators.latency_ms)
    sums = entries_ms[entry_index(layer_terms(SPACE), codes)].sum(axis=1)
    scatter = 1 + noise * np.random.default_rng(seed + 1).standard_normal(rows)
    return SpaceData(SPACE, codes, (1.15 * sums + 0.4) * scatter, operators, noise)
