"""Which requests, jobs and attempts a call was about, for the log: so one can be followed from end to end."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from structlog.contextvars import bind_contextvars

_RANGES: Final = 64


def about(**ids: Iterable[int]) -> None:
    """`about(jobs=[7], attempts=[9])`: every later line of this call says `jobs=7 attempts=9`."""
    bind_contextvars(**{name: text for name, own in ids.items() if (text := ranges(own))})


def ranges(ids: Iterable[int]) -> str:
    """[1, 2, 3, 7] -> "1-3,7"."""
    groups = groupby(enumerate(sorted(set(ids))), lambda pair: pair[1] - pair[0])
    spans = [[number for _, number in group] for _, group in groups]
    shown = [str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}" for span in spans[:_RANGES]]
    return ",".join([*shown, "..."] if len(spans) > _RANGES else shown)
