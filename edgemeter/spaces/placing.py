"""Collects the distinct operators of a space while its layers are laid out."""

import numpy as np

from edgemeter.spaces.space import Context, Layer, Placed


class Placing:
    """Gives each distinct operator in its context one position, in the order of first use."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self._placed: list[Placed] = []

    def position(self, operator: str, context: Context, family: str, stage: str) -> int:
        each = Placed(operator, context, family, stage)
        if each.key not in self._positions:
            self._positions[each.key] = len(self._placed)
            self._placed.append(each)
        return self._positions[each.key]

    def fixed(self, operator: str, context: Context, layer: str | None = None) -> Layer:
        """A part of the network that no code decides: a layer, and its family and stage, of that name."""
        position = self.position(operator, context, operator, operator)
        return Layer(layer or operator, (), np.array(position, dtype=np.int32))

    @property
    def placed(self) -> tuple[Placed, ...]:
        return tuple(self._placed)
