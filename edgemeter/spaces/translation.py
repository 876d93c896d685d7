"""Architectures of a generated space as texts of the space that it was made of, and back.

Whatever is measured, stored or predicted is of the base: it is installed everywhere, and the same network has
one recipe there, whichever spaces it is in.
"""

from collections.abc import Iterable, Iterator

from edgemeter.spaces.space import CodeError, Codes
from edgemeter.spaces.subset import Subset
from edgemeter.spaces.text import from_text, to_text
from edgemeter.spaces.tidy import METRICS, TableError
from edgemeter.wire.campaigns import ImportedValue
from edgemeter.wire.recipes import RecipeKind


def base_text(space: Subset, text: str) -> str:
    """In the one way that the base writes this network. `text` is an architecture of `space`, or one of the
    base that is also in `space`; CodeError for any other.
    """
    codes = space.to_base(_own_codes(space, text))
    return to_text(space.base, space.base.canonical(codes)[0])


def own_text(space: Subset, text: str) -> str:
    """As `space` writes it, whichever of the two `text` is of."""
    return to_text(space, _own_codes(space, text)[0])


def is_within(space: Subset, text: str) -> bool:
    """Whether an architecture of the base is in `space`."""
    return bool(space.holds(from_text(space.base, text)[None, :])[0])


def base_values(space: Subset, rows: Iterable[ImportedValue]) -> Iterator[ImportedValue]:
    """The rows of a table, with their architectures as the base's. Raises TableError, which names the row."""
    for number, row in enumerate(rows, 1):
        try:
            operator = row.metric == METRICS[RecipeKind.OPERATOR]
            yield row if operator else row._replace(arch=base_text(space, row.arch))
        except CodeError as error:
            raise TableError(f"nothing was imported. row {number}: {error}") from None


def _own_codes(space: Subset, text: str) -> Codes:
    """(1, columns)"""
    if not text.strip().startswith(f"{space.base.name}@"):
        return from_text(space, text)[None, :]
    try:
        return space.from_base(from_text(space.base, text)[None, :])
    except CodeError as error:
        raise CodeError(f"this architecture of {space.base.name} is not in {space.name}: {error}") from None
