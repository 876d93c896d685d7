"""Generated spaces in the client's calls.

A server knows installed spaces only. What is asked of a generated one is asked of the space that it was made
of, and answered in its own words: predictors, recipes and measurements are shared with all of that space.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from edgemeter.spaces.names import is_file
from edgemeter.wire.campaigns import CampaignPlan, Capabilities, ImportedValue, LatencyTable, PlannedPart

if TYPE_CHECKING:
    from edgemeter.client.predicting import LocalPredictor
    from edgemeter.spaces.space import Codes, Space
    from edgemeter.spaces.subset import Subset

#: As text, or as codes: a row of what `edgemeter.spaces` makes.
Architecture: TypeAlias = str | Sequence[int]
#: The name of an installed space, or a generated one: the path of its file, or the space itself.
AnySpace: TypeAlias = Union[str, PathLike[str], "Space"]


@dataclass(frozen=True, slots=True)
class Named:
    """`name` is the server's word; `part` the generated space, None for one that is installed there."""

    name: str
    part: "Subset | None" = None

    @property
    def planned_part(self) -> PlannedPart | None:
        """What makes it of the server's space."""
        if self.part is None:
            return None
        return PlannedPart(name=self.part.name, version=self.part.base.version, choices=self.part.narrowed)

    def asked(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Architectures as the server writes them. Raises CodeError for what is none of a generated space."""
        if self.part is None:
            return tuple(texts)
        from edgemeter.spaces.translation import base_text

        return tuple(base_text(self.part, text) for text in texts)

    def values(self, rows: Iterable[ImportedValue]) -> Iterable[ImportedValue]:
        """Rows of a table as the server takes them. Raises TableError, which names the row."""
        if self.part is None:
            return rows
        from edgemeter.spaces.translation import base_values

        return base_values(self.part, rows)

    def written(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The same architectures as a generated space writes them."""
        if self.part is None:
            return tuple(texts)
        from edgemeter.spaces.translation import own_text

        return tuple(own_text(self.part, text) for text in texts)


def named(space: AnySpace) -> Named:
    """Raises UnknownSpaceError or CodeError for a file that holds no generated space."""
    if isinstance(space, str) and not is_file(space):
        return Named(space)
    from edgemeter.spaces.subset import Subset
    from edgemeter.spaces.subset_files import open_space

    found = open_space(fspath(space)) if isinstance(space, (str, PathLike)) else space
    return Named(found.base.name, found) if isinstance(found, Subset) else Named(found.name)


def texts_or_codes(architectures: "Iterable[Architecture] | Codes") -> tuple[str | tuple[int, ...], ...]:
    """As the server takes them, of an installed space."""
    return tuple(each if isinstance(each, str) else tuple(map(int, each)) for each in architectures)


def texts_of(part: "Subset", architectures: "Iterable[Architecture] | Codes") -> tuple[str, ...]:
    """Architectures of a generated space. Raises CodeError for codes that are none."""
    import numpy as np

    from edgemeter.spaces.space import CodeError
    from edgemeter.spaces.text import to_text

    try:
        return tuple(
            each if isinstance(each, str) else to_text(part, np.array(each, np.uint8))
            for each in architectures
        )
    except OverflowError:
        raise CodeError(f"codes of {part.name} are numbers from 0 to 255") from None


def plan_of(space: AnySpace, **wishes: Any) -> CampaignPlan:
    """A campaign's plan; of a generated space, with its operators and architectures alone."""
    asked = named(space)
    return CampaignPlan(space=asked.name, part=asked.planned_part, **wishes)


def operators_within(asked: Named, table: LatencyTable) -> LatencyTable:
    if asked.part is None:
        return table
    keys = {placed.key for placed in asked.part.placed}
    return table.model_copy(update={"rows": tuple(row for row in table.rows if row.text in keys)})


def architectures_within(asked: Named, table: LatencyTable) -> LatencyTable:
    if asked.part is None:
        return table
    from edgemeter.spaces.translation import is_within, own_text

    part = asked.part
    inside = (row for row in table.rows if is_within(part, row.text))
    rows = tuple(row.model_copy(update={"text": own_text(part, row.text)}) for row in inside)
    return table.model_copy(update={"rows": rows})


def capabilities_within(asked: Named, found: Capabilities) -> Capabilities:
    if asked.part is None:
        return found
    from edgemeter.spaces.support import within

    return within(asked.part, found)


class PartPredictor:
    """A predictor of a base space that takes the codes of a generated one."""

    def __init__(self, part: "Subset", predictor: "LocalPredictor") -> None:
        self._part, self._predictor = part, predictor

    def predict(self, inputs: "Codes") -> Any:
        return self._predictor.predict(self._part.to_base(inputs))

    def interval(self, prediction: Any, level: float = 0.9) -> Any:
        return self._predictor.interval(prediction, level)
