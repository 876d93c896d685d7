"""A space of its own that has some of another's choices: what `space generate` and `space intersect` make."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemeter.networks.network import Network
from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import NOTHING, CodeError, Codes, Column, Layer, Space


class Subset(Space):
    """`base` with, in each column, the choices of that name in `chosen`, in their order; columns that are
    not in `chosen` keep all. A network and a placed operator are the base's own, under the same key.

    A subset of a subset is one of the same base: `base` is never a subset itself. `origin` says where the
    choices come from, for people; it decides nothing.
    """

    base: Space
    _kept: list[NDArray[np.uint8]]  #: of each column, the codes of `base` that are left

    def __init__(
        self,
        base: Space,
        name: str,
        chosen: Mapping[str, Sequence[str]],
        origin: Mapping[str, Any] | None = None,
        version: int = 1,
    ) -> None:
        unknown = chosen.keys() - {column.name for column in base.columns}
        if unknown:
            raise CodeError(f"{base.name} has no column {sorted(unknown)[0]!r}")
        kept = [_kept(base, column, chosen.get(column.name)) for column in base.columns]
        if isinstance(base, Subset):
            kept = [inner[codes] for inner, codes in zip(base._kept, kept, strict=True)]
            base = base.base
        self.base, self.name, self.version, self.origin = base, name, version, dict(origin or {})
        self.chained = base.chained
        self._kept = kept
        self.columns = tuple(
            Column(column.name, tuple(column.choices[code] for code in codes))
            for column, codes in zip(base.columns, kept, strict=True)
        )
        tables = [
            layer.placed[np.ix_(*(kept[column] for column in layer.columns))]
            if layer.columns
            else layer.placed
            for layer in base.layers
        ]
        self._positions = sorted({int(each) for table in tables for each in table.flat} - {NOTHING})
        self.placed = tuple(base.placed[position] for position in self._positions)
        # One more entry, so that NOTHING stays NOTHING.
        renumbered = np.full(len(base.placed) + 1, NOTHING, dtype=np.int32)
        renumbered[self._positions] = np.arange(len(self._positions))
        self.layers = tuple(
            Layer(layer.name, layer.columns, renumbered[table])
            for layer, table in zip(base.layers, tables, strict=True)
        )

    def build(self, codes: Codes, batch: int = 1) -> Network:
        return self.base.build(self.to_base(codes), batch)

    def build_placed(self, position: int, batch: int = 1) -> Network:
        return self.base.build_placed(self._positions[position], batch)

    def to_base(self, codes: Codes) -> Codes:
        """The same architectures, as codes of `base`."""
        checked = validate(self, codes)
        result = np.empty(checked.shape, dtype=np.uint8, order="F")
        for number, kept in enumerate(self._kept):
            result[..., number] = kept[checked[..., number]]
        return result

    def from_base(self, codes: Codes) -> Codes:
        """(n, columns) codes of `base` as this space's, of the same networks. CodeError for others."""
        missing = np.flatnonzero(~self.holds(codes))
        if missing.size:
            wrong = np.flatnonzero(self._found(codes[missing[0]]) < 0)
            raise CodeError(f"{self.name} has not every choice of column {self.columns[wrong[0]].name}")
        return self._nearest(codes)

    def holds(self, codes: Codes) -> NDArray[np.bool_]:
        """(n,): which of these architectures of `base` are here. What stands at a decision that does not
        reach the network does not matter.
        """
        canonical = self.base.canonical(validate(self.base, codes))
        near = self.base.canonical(self.to_base(self._nearest(codes)))
        same: NDArray[np.bool_] = (near == canonical).all(axis=1)
        return same

    @property
    def narrowed(self) -> dict[str, tuple[str, ...]]:
        """By column, the choices that are left, where they are not those of `base` in their order."""
        pairs = zip(self.columns, self.base.columns, strict=True)
        return {own.name: own.choices for own, whole in pairs if own.choices != whole.choices}

    def canonical(self, codes: Codes) -> Codes:
        return self._nearest(self.base.canonical(self.to_base(codes)))

    def computes(self, codes: Codes) -> NDArray[np.bool_]:
        return self.base.computes(self.to_base(codes))

    def join_words(self, words: Sequence[str]) -> str:
        return self.base.join_words(words)

    def split_words(self, text: str) -> Sequence[str]:
        return self.base.split_words(text)

    def _nearest(self, codes: Codes) -> Codes:
        """Where a choice is not here, as may be at a dead decision, the first that is."""
        return np.asfortranarray(np.maximum(self._found(codes), 0), dtype=np.uint8)

    def _found(self, codes: Codes) -> np.ndarray[Any, np.dtype[np.int16]]:
        result = np.empty(codes.shape, dtype=np.int16)
        for number, kept in enumerate(self._kept):
            places = np.full(len(self.base.columns[number].choices), -1, dtype=np.int16)
            places[kept] = np.arange(len(kept))
            result[..., number] = places[codes[..., number]]
        return result


def root(space: Space) -> Space:
    """The space that is installed everywhere: a subset's base, or itself."""
    return space.base if isinstance(space, Subset) else space


def in_base(space: Space, codes: Codes) -> tuple[Space, Codes]:
    """The `root` of a space, and the same architectures there."""
    if isinstance(space, Subset):
        return space.base, space.to_base(codes)
    return space, codes


def _kept(base: Space, column: Column, words: Sequence[str] | None) -> np.ndarray[Any, np.dtype[np.uint8]]:
    if words is None:
        return np.arange(len(column.choices), dtype=np.uint8)
    unknown = [word for word in words if word not in column.choices]
    if unknown or not words or len(set(words)) < len(words):
        what = f"{unknown[0]!r} is no choice of it" if unknown else "one or more, each once"
        raise CodeError(f"the choices of column {column.name} of {base.name}: {what}")
    return np.array([column.choices.index(word) for word in words], dtype=np.uint8)
