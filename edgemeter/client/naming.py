"""Targets for work that may wait: those of the server, and whole slugs that nobody offers yet."""

from collections.abc import Iterable, Sequence

from edgemeter.client.errors import NoTargetError
from edgemeter.targets import TargetSelector, target_of
from edgemeter.wire.devices import TargetRow

_LISTED = 8


def listed(targets: str | Iterable[str]) -> tuple[str, ...]:
    """One target or several, as callers may say it."""
    return (targets,) if isinstance(targets, str) else tuple(targets)


def named_targets(rows: Sequence[TargetRow], words: Iterable[str]) -> tuple[str, ...]:
    """The slugs that the words name, each once. One thread is preferred where the words do not say.

    Raises NoTargetError for words that fit none and are no whole slug.
    """
    return tuple(dict.fromkeys(slug for text in words for slug in _named(rows, text.strip())))


def one_target(rows: Sequence[TargetRow], words: str) -> str:
    """The slug of the only target that the words name. Raises NoTargetError, also where there are several."""
    target, *others = named_targets(rows, [words])
    if others:
        raise NoTargetError(f"{words!r} fits several targets: {', '.join([target, *others])}")
    return target


def _named(rows: Sequence[TargetRow], text: str) -> list[str]:
    # A slug of nobody's is waited for: its device may come.
    if any(row.slug == text for row in rows) or target_of(text) is not None:
        return [text]
    try:
        selector = TargetSelector.parse(text)
    except ValueError:
        raise _nothing(rows, text) from None
    parsed = [(row, target) for row in rows if (target := target_of(row.slug)) is not None]
    fitting = [(row, target) for row, target in parsed if selector.matches(target)]
    if not fitting:
        raise _nothing(rows, text)
    available = [pair for pair in fitting if pair[0].available] or fitting
    single = [pair for pair in available if pair[1].threads == 1] if selector.threads is None else []
    return [row.slug for row, _ in single or available]


def _nothing(rows: Sequence[TargetRow], text: str) -> NoTargetError:
    if not rows:
        return NoTargetError(
            "this server knows no target yet: devices that join offer them (`edgemeter devices list`);"
            " what may wait, such as `edgemeter profile`, also takes a whole one"
        )
    slugs = sorted(row.slug for row in rows)
    more = f" and {len(slugs) - _LISTED} more" if len(slugs) > _LISTED else ""
    return NoTargetError(f"no target fits {text[:80]!r}; there are {', '.join(slugs[:_LISTED])}{more}")
