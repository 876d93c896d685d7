"""Turns what an engine says when it refuses a file into our errors."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgemeter_agents.runtimes.base import MalformedModelError, UnsupportedOperatorError
from edgemeter_agents.runtimes.sources import Sources

REASON_LIMIT = 600

#: Where in the engine's own source a check failed: of no use to the owner of the file.
_NOISE = (
    re.compile(r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : "),
    re.compile(r"Check '.*?' failed at \S+:\d+: "),
    re.compile(r"[\w/.-]+\.(?:cc|cpp|h|hpp):\d+:? (?:[^()]*::\w+\([^()]*\) )?"),
    re.compile(r"FrontEnd API failed with \w+: "),
    re.compile(r"^Exception from "),
)

#: How engines miss weights that the file keeps elsewhere: a network is handed to them alone.
_WEIGHTS_ELSEWHERE = re.compile(r"external ?data", re.IGNORECASE)


def refusal(
    error: Exception,
    unsupported: Iterable[re.Pattern[str]],
    file: Path,
    shapes: Mapping[str, tuple[int, ...]],
) -> UnsupportedOperatorError | MalformedModelError:
    """UnsupportedOperatorError where a pattern finds the operator's `type`, and maybe its `name`.

    An engine that names only the type means any operator of it: the file's first one is named then.
    """
    reason = spoken(error, file)
    for pattern in unsupported:
        if match := pattern.search(" ".join(str(error).split())):
            groups = match.groupdict()
            name = groups.get("name") or Sources.of(file, shapes).first_of(groups["type"])
            return UnsupportedOperatorError(groups["type"], name, reason)
    if _WEIGHTS_ELSEWHERE.search(reason):
        reason = f"weights in other files are not read; save the network as one file ({reason})"
    return MalformedModelError(reason[:REASON_LIMIT])


def spoken(error: Exception, file: Path) -> str:
    """The engine's words on one line, without places in its source or on this machine."""
    text = " ".join(str(error).replace(f"{file.parent}/", "").split())
    for noise in _NOISE:
        text = noise.sub("", text)
    return text[:REASON_LIMIT]
