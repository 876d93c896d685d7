"""The name that a downloaded file gets: whatever people called it, it is one harmless name of a file."""

import re
from typing import Final
from urllib.parse import quote

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SEPARATORS: Final = frozenset('/\\:*?"<>|')
_MAX_BYTES: Final = 200


def content_disposition(name: str, suffix: str) -> str:
    """As RFC 6266 has it: the name in ASCII for old clients, and in full, both without any path."""
    full = _with_suffix(_printable(name), suffix)
    plain = _with_suffix(_UNSAFE.sub("_", full).lstrip("._-"), suffix)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(full, safe='')}"


def _printable(name: str) -> str:
    """Without separators, controls and signs that turn the direction of text, and as short as a file's."""
    kept = "".join("_" if sign in _SEPARATORS or not sign.isprintable() else sign for sign in name)
    return kept.encode("utf-8", "replace")[:_MAX_BYTES].decode("utf-8", "ignore").strip(" .")


def _with_suffix(name: str, suffix: str) -> str:
    ending = f".{suffix}"
    stem = name.removesuffix(ending) or "network"
    return stem + ending
