"""Architectures as text and as JSON. Each stored form carries the space's name and version."""

from collections.abc import Sequence
from difflib import get_close_matches
from operator import getitem
from typing import Any

import numpy as np

from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import CodeError, Codes, Space


def to_text(space: Space, row: Codes) -> str:
    """`NAME@VERSION:WORDS`, such as `hurricane@1:Choice_3,MB_3_1,...`."""
    return known_text(space, _row(space, row))


def known_text(space: Space, row: Codes) -> str:
    """As `to_text`, of codes that have been checked."""
    return _written(space, space.words(row))


def from_text(space: Space, text: str) -> Codes:
    """The row of codes that `to_text` wrote. A text without `NAME@VERSION:` is taken as this space's.

    CodeError for another space or version, and for words that are no choices.
    """
    return np.array(bytearray(read(space, text)[0]), np.uint8)


def read(space: Space, text: str) -> tuple[bytes, str]:
    """As `from_text`, a byte a code, and the same architecture as `to_text` writes it."""
    words = _words(space, text.strip())
    return bytes(_codes(space, words)), _written(space, space.join_words(words))


def canonical_text(space: Space, text: str) -> str:
    """The one text that stands for all that build the same network. CodeError as `from_text`."""
    return to_text(space, space.canonical(from_text(space, text)[None, :])[0])


def to_document(space: Space, row: Codes) -> dict[str, Any]:
    """The architecture for JSON: the word of each column by its name."""
    chosen = zip(space.columns, _row(space, row), strict=True)
    choices = {column.name: column.choices[code] for column, code in chosen}
    return {"space": space.name, "version": space.version, "choices": choices}


def from_document(space: Space, document: dict[str, Any]) -> Codes:
    """The row of codes that `to_document` wrote."""
    require(space, str(document.get("space")), str(document.get("version")))
    choices = document.get("choices")
    if not isinstance(choices, dict) or choices.keys() != {column.name for column in space.columns}:
        raise CodeError(f"`choices` names each column of {space.name} once")
    words = [str(choices[column.name]) for column in space.columns]
    return np.array(_codes(space, words), np.uint8)


def require(space: Space, name: str, version: str) -> None:
    """CodeError unless a stored form's name and version are the space's."""
    if name != space.name:
        raise CodeError(f"this is an architecture of {name!r}, not of {space.name}")
    if version != str(space.version):
        raise CodeError(
            f"this is an architecture of {space.name} version {version}; here is version {space.version},"
            " where the same code may mean another network"
        )


def _row(space: Space, row: Codes) -> Codes:
    if validate(space, row).ndim != 1:
        raise CodeError(f"one architecture is a row of {len(space.columns)} codes, not {row.shape}")
    return row


def _written(space: Space, words: str) -> str:
    return space.head + words


def _words(space: Space, text: str) -> Sequence[str]:
    if text.startswith(space.head):
        return space.split_words(text[len(space.head) :])
    head, colon, words = text.partition(":")
    # Words may hold colons of their own: only NAME@VERSION before the first one is a head.
    if not colon or "@" not in head:
        return space.split_words(text)
    name, _, version = head.partition("@")
    require(space, name, version)
    return space.split_words(words)


def _codes(space: Space, words: Sequence[str]) -> list[int]:
    if len(words) != len(space.columns):
        raise CodeError(f"an architecture of {space.name} has {len(space.columns)} choices, not {len(words)}")
    try:
        return list(map(getitem, space.codes_by_word, words))
    except KeyError:
        return [_code(space, number, word) for number, word in enumerate(words)]  # says which


def _code(space: Space, number: int, word: str) -> int:
    column = space.columns[number]
    if word in column.choices:
        return column.choices.index(word)
    near = get_close_matches(word, column.choices, n=1, cutoff=0)
    raise CodeError(
        f"column {number} ({column.name}) of {space.name} has no choice {word!r}"
        f"; the nearest of its {len(column.choices)} is {near[0]!r}"
    )
