"""The name that a downloaded file gets: whatever people called it, it is one harmless name of a file."""

import re
from typing import Final
from urllib.parse import quote

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SEPARATORS: Final = frozenset('/\\:*?"<>|')
_MAX_BYTES: Final = 200
_UNNAMED: Final = "network"


def content_disposition(name: str, suffix: str) -> str:
    """As RFC 6266 has it: the name in ASCII for old clients, and in full, both without any path."""
    stem = _printable(name).removesuffix(f".{suffix}").rstrip(" .")
    full = f"{stem or _UNNAMED}.{suffix}"
    plain = f"{_UNSAFE.sub('_', stem).strip('._-') or _UNNAMED}.{suffix}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(full, safe='')}"


def _printable(name: str) -> str:
    """Without separators, controls and signs that turn the direction of text, and as short as a file's."""
    kept = "".join("_" if sign in _SEPARATORS or not sign.isprintable() else sign for sign in name)
    return kept.encode("utf-8", "replace")[:_MAX_BYTES].decode("utf-8", "ignore").strip(" .")
