"""Kernels that lay a tensor out anew: which one stands between two layouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from edgemeter.graphs.graph import Shape
from edgemeter_predictors.kernels.telling.blocks import channels, largest_block
from edgemeter_predictors.kernels.telling.trees import Tree, Value, answer, grown, tree_of

Layouts = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Relays:
    """By the layouts before and after a tree, whose leaves are positions of `kinds`."""

    kinds: tuple[str, ...]
    trees: Mapping[Layouts, Tree]

    def kind(self, layouts: Layouts, shape: Shape, channel_axis: int) -> str | None:
        """Of a map of that shape; None between layouts where none has been seen."""
        tree = self.trees.get(layouts)
        if tree is None:
            return None
        return self.kinds[tree if isinstance(tree, int) else answer(tree, _values(shape, channel_axis))]

    @staticmethod
    def learnt(seen: Sequence[tuple[Layouts, Shape, str]], channel_axis: int) -> "Relays":
        """From layouts, shapes and kinds."""
        kinds = tuple(dict.fromkeys(kind for _, _, kind in seen))
        rows: dict[Layouts, list[tuple[Shape, str]]] = {}
        for layouts, shape, kind in seen:
            rows.setdefault(layouts, []).append((shape, kind))
        return Relays(
            kinds,
            {
                layouts: grown(
                    [_values(shape, channel_axis) for shape, _ in found],
                    [kinds.index(kind) for _, kind in found],
                )
                for layouts, found in sorted(rows.items())
            },
        )

    def document(self) -> dict[str, Any]:
        return {"kinds": self.kinds, "trees": [[*layouts, tree] for layouts, tree in self.trees.items()]}

    @staticmethod
    def of(document: Mapping[str, Any]) -> "Relays":
        kinds = tuple(map(str, document["kinds"]))
        trees = document["trees"]
        return Relays(
            kinds, {(str(before), str(after)): tree_of(tree, len(kinds)) for before, after, tree in trees}
        )


def _values(shape: Shape, channel_axis: int) -> Mapping[str, Value]:
    found = channels(shape, channel_axis)
    return {
        "rank": float(len(shape)),
        "block": largest_block(found),
        "channels": float(found),
        "pixels": prod(shape) / max(found, 1),
    }
