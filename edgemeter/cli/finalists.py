"""The architectures that a search ended with, as people hand them in."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final, NamedTuple

import rich_click as click

from edgemeter.spaces.space import CodeError, Space
from edgemeter.spaces.text import canonical_text
from edgemeter.wire.requests import MAX_ITEMS

_SHOWN_SIGNS: Final = 80


class Finalist(NamedTuple):
    """`text` is the one form of its network; `quality` is whatever the search maximises, if it was told."""

    text: str
    quality: float | None


def read_finalists(space: Space, arguments: Sequence[str], lines: Iterable[str]) -> list[Finalist]:
    """Each network once, in the order of coming. Raises UsageError, naming the line.

    A line is an architecture, and after blanks its quality, higher is better; or it is empty, or begins with
    `#`. Either all have a quality, or none.
    """
    found: dict[str, Finalist] = {}
    for number, words in enumerate(arguments, 1):
        _add(found, space, words, f"architecture {number}")
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            _add(found, space, line.strip(), f"line {number}")
    if not found:
        raise click.UsageError("there is no architecture: name some, or a --file with one a line")
    if len(found) > MAX_ITEMS:
        raise click.UsageError(f"at most {MAX_ITEMS} architectures at once, not {len(found)}")
    if len({finalist.quality is None for finalist in found.values()}) > 1:
        raise click.UsageError("some architectures have a quality and some have none")
    return list(found.values())


def _add(found: dict[str, Finalist], space: Space, words: str, where: str) -> None:
    finalist = _finalist(space, words, where)
    known = found.setdefault(finalist.text, finalist)
    if known.quality != finalist.quality:
        raise click.UsageError(f"{where}: the same network stood above with quality {known.quality}")


def _finalist(space: Space, words: str, where: str) -> Finalist:
    text, number = words, None
    parts = words.rsplit(None, 1)
    if len(parts) == 2 and (number := _number(parts[1])) is not None:
        text = parts[0]
    try:
        return Finalist(canonical_text(space, text), number)
    except CodeError as error:
        raise click.UsageError(f"{where}: {text[:_SHOWN_SIGNS]!r}: {error}") from None


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if isfinite(value) else None
