"""Error texts from strange code, made fit to be stored and shown."""

import re
from pathlib import Path

LENGTH_MAX = 2000

# Listed here and now, as a confined process no longer may.
_TOPS = "|".join(sorted(re.escape(path.name) for path in Path("/").iterdir()))
_PATHS = re.compile(rf"(?<![\w.])/(?:{_TOPS})(?:/[^\s'\"`:;,()<>|]*)+")


def without_paths(text: str) -> str:
    """Leaves only the last name of every path of this machine.

    Names in networks often look like paths ("/features/0/Conv"), so only what starts
    like something that exists here counts.
    """
    return _PATHS.sub(lambda match: match[0].rstrip("/").rpartition("/")[2], text)


def printable(text: str) -> str:
    """Bounded in length and one line: control characters are escaped."""
    kept = text[:LENGTH_MAX]
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in kept)
