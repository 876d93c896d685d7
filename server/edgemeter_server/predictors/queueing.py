"""Fits as they wait: asked for, claimed by one worker, and ended.

A worker holds a fit for `LEASE_S`, and renews that while it fits. One that ends without a word loses it, and
the fit waits again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from edgemeter.wire.predictors import FitState, NewFit
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import project_id
from edgemeter_server.campaigns.spaces import builds_of, known_space
from edgemeter_server.devices.targets import target_id
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.tables import automatic_fits, fits

LEASE_S: Final = 60
#: Workers that ended without a word, one after the other, before the fit itself is to blame.
MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A fit that a worker has. `tries` fences it: it changes nothing once another worker took over."""

    id: int
    tries: int
    project_id: int
    target_id: int
    builds: str
    model: str
    activate: bool
    sources: tuple[str, ...] | None  #: as in NewFit


def ask(connection: Connection, caller: Caller, message: NewFit, now_us: int) -> int:
    """The new fit's id. Raises Refusal NOT_FOUND, or CONFLICT where the same is being fitted."""
    project = project_id(connection, caller, message.project, writing=True)
    asked = {
        "project_id": project,
        "token_id": caller.token_id,
        "target_id": target_id(connection, message.target),
        "builds": builds_of(known_space(message.space)),
        "model": message.model,
        "activate": message.activate,
        "sources": None if message.sources is None else json.dumps(message.sources),
    }
    if (new := _insert(connection, asked, now_us)) is None:
        detail = f"{message.space} on {message.target} is being fitted already; wait for it"
        raise Refusal(ProblemType.CONFLICT, detail)
    return new


def claim(connection: Connection, now_us: int) -> Held | None:
    """The oldest fit that nobody works on. One that too many workers died of fails instead."""
    free = or_(fits.c.state == FitState.WAITING.value, fits.c.expires_us < now_us)
    opened = fits.c.state.in_((FitState.WAITING.value, FitState.RUNNING.value))
    found = select(fits).where(opened, free).order_by(fits.c.id).limit(1).with_for_update(skip_locked=True)
    if (row := connection.execute(found).one_or_none()) is None:
        return None
    held = _held(row)
    if row.tries >= MOST_TRIES:
        end(connection, replace(held, tries=row.tries), "each worker that tried it ended", now_us)
        return None
    taken = update(fits).where(fits.c.id == row.id)
    running = {"state": FitState.RUNNING.value, "tries": held.tries}
    connection.execute(taken.values(**running, expires_us=now_us + LEASE_S * 1_000_000))
    return held


def end(connection: Connection, held: Held, failure: str | None, now_us: int) -> bool:
    """Whether the worker still held it. With a `failure` there is no predictor."""
    state = FitState.DONE if failure is None else FitState.FAILED
    mine = update(fits).where(*_is_held(held))
    ended = mine.values(state=state.value, failure=failure, ended_us=now_us, expires_us=None)
    return connection.execute(ended).rowcount == 1


def renew(connection: Connection, held: Held, now_us: int) -> None:
    mine = update(fits).where(*_is_held(held))
    connection.execute(mine.values(expires_us=now_us + LEASE_S * 1_000_000))


def release(connection: Connection, held: Held) -> None:
    """Given back by a worker that was told to stop, which is not the fit's fault: the try does not count."""
    back = {"state": FitState.WAITING.value, "tries": held.tries - 1, "expires_us": None}
    connection.execute(update(fits).where(*_is_held(held)).values(**back))


def begin_again(connection: Connection, fit_id: int, reason: str, now_us: int) -> bool:
    """The same fit once more, on what is measured now. False where one of the same is open already."""
    columns = ("project_id", "token_id", "target_id", "builds", "model", "sources")
    former = connection.execute(select(*(fits.c[name] for name in columns)).where(fits.c.id == fit_id)).one()
    new = _insert(connection, {**former._mapping, "activate": True}, now_us)
    if new is None:
        return False
    connection.execute(insert(automatic_fits).values(fit_id=new, reason=reason))
    return True


def _insert(connection: Connection, asked: Mapping[str, Any], now_us: int) -> int | None:
    """The new fit's id; None where one of the same is open."""
    row = {**asked, "state": FitState.WAITING.value, "tries": 0, "created_us": now_us}
    try:
        with connection.begin_nested():
            return int(connection.execute(insert(fits).values(row).returning(fits.c.id)).scalar_one())
    except IntegrityError:
        return None


def _held(row: Row[Any]) -> Held:
    """By the worker that claims it now."""
    sources = None if row.sources is None else tuple(json.loads(row.sources))
    tries = row.tries + 1
    return Held(row.id, tries, row.project_id, row.target_id, row.builds, row.model, row.activate, sources)


def _is_held(held: Held) -> tuple[ColumnElement[bool], ...]:
    return fits.c.id == held.id, fits.c.tries == held.tries, fits.c.ended_us.is_(None)
