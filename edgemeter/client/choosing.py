"""Which of the server's targets a user's words mean: the rules of `edgemeter measure`, over the network."""

from collections.abc import Callable, Iterable, Sequence

from edgemeter.client.errors import NoTargetError
from edgemeter.targets import Precision, Target, TargetSelector, target_of
from edgemeter.wire.devices import TargetRow

_LISTED = 8


def choose(
    rows: Sequence[TargetRow], words: Iterable[str], file_format: str, precision: Precision | None
) -> list[TargetRow]:
    """The targets that the words name, each once. A whole slug names itself.

    Where the words leave it open, targets are preferred that a live device offers, that run the file's own
    precision, and that take one thread. Raises NoTargetError for words that fit none.
    """
    chosen = {row.slug: row for text in words for row in _named(rows, text, file_format, precision)}
    return list(chosen.values())


def _named(
    rows: Sequence[TargetRow], text: str, file_format: str, precision: Precision | None
) -> list[TargetRow]:
    if exact := [row for row in rows if row.slug == text.strip()]:
        return exact
    try:
        selector = TargetSelector.parse(text)
    except ValueError:
        raise _nothing(rows, text, file_format) from None
    readable = [
        (row, target) for row in rows if file_format in row.formats and (target := target_of(row.slug))
    ]
    fitting = [pair for pair in readable if selector.matches(pair[1])]
    if not fitting:
        raise _nothing(rows, text, file_format)
    fitting = _prefer(fitting, lambda pair: pair[0].available)
    if selector.precision is None and precision is not None:
        fitting = _prefer(fitting, lambda pair: pair[1].precision is precision)
    if selector.threads is None:
        fitting = _prefer(fitting, lambda pair: pair[1].threads == 1)
    return [row for row, _ in fitting]


def _prefer(
    pairs: list[tuple[TargetRow, Target]], wanted: Callable[[tuple[TargetRow, Target]], bool]
) -> list[tuple[TargetRow, Target]]:
    return [pair for pair in pairs if wanted(pair)] or pairs


def _nothing(rows: Sequence[TargetRow], text: str, file_format: str) -> NoTargetError:
    readers = sorted(row.slug for row in rows if file_format in row.formats)
    if not readers:
        return NoTargetError(f"no target of this server reads {file_format} files")
    more = f" and {len(readers) - _LISTED} more" if len(readers) > _LISTED else ""
    return NoTargetError(f"no target fits {text[:80]!r}; there are {', '.join(readers[:_LISTED])}{more}")
