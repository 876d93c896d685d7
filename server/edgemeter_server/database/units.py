"""A unit of work on its way from the event loop to a database's thread, and its outcome on the way back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgemeter_server.database.base import Work


@dataclass(frozen=True, slots=True)
class Unit:
    """Somebody awaits `future`, or did: a cancelled caller's unit is left out if it has not begun."""

    work: Work[Any]
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one unit: `error`, or else `result`."""

    unit: Unit
    result: Any = None
    error: BaseException | None = None


def tell(outcomes: Sequence[Outcome]) -> None:
    """From a database's thread: resolves all futures in one turn of their loop."""
    if not outcomes:
        return
    try:
        outcomes[0].unit.future.get_loop().call_soon_threadsafe(_resolve, outcomes)
    except RuntimeError:
        return  # the loop is closed, so nobody waits any more


def _resolve(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        future = outcome.unit.future
        if future.done():
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.result)
