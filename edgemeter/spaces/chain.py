"""Spaces whose networks are chains: each layer takes what the one before it gives."""

from abc import abstractmethod

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Map, Network
from edgemeter.spaces.codes import validate
from edgemeter.spaces.counting import placed_at
from edgemeter.spaces.space import NOTHING, CodeError, Codes, Placed, Space


class Chain(Space):
    """A space that only says what each operator is made of (`append`); networks follow from its layers."""

    chained = True

    @abstractmethod
    def append(self, builder: Builder, source: int, placed: Placed) -> int:
        """Appends the operator's nodes after node `source`; gives the position of its result."""

    def build(self, codes: Codes, batch: int = 1) -> Network:
        if validate(self, codes).ndim != 1:
            raise CodeError(f"one architecture is a row of {len(self.columns)} codes, not {codes.shape}")
        return self._chain(self.name, placed_at(self, codes).tolist(), batch)

    def build_placed(self, position: int, batch: int = 1) -> Network:
        return self._chain(self.placed[position].key, [position], batch)

    def _chain(self, name: str, positions: list[int], batch: int) -> Network:
        chosen = [self.placed[position] for position in positions if position != NOTHING]
        first = chosen[0].context
        builder = Builder(name, Map(first.height, first.width, first.channels_in), batch)
        source = builder.input
        for each in chosen:
            source = self.append(builder, source, each)
        return builder.finish(source)
