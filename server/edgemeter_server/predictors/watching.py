"""Versions that answer, held against what was measured since: what has moved is flagged, and predictors of
spaces are fitted anew. Those of any file are fitted where their engine is.

All of it is in the database and may be done by any server: a look that is lost is made again, and of two at
once one begins a fit.
"""

from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Row, Select, func, select, update

from edgemeter.wire.predictors import ANY_NETWORK, DriftDocument
from edgemeter_predictors.judging.anchors import anchor_shift, anchors_moved
from edgemeter_server.instants import instant
from edgemeter_server.jobs.batches import insert_into
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors import queueing
from edgemeter_server.predictors.apart import apart
from edgemeter_server.predictors.judging import Judged, JudgeError
from edgemeter_server.predictors.kernels.news import news_of_files
from edgemeter_server.predictors.news import News, news_of
from edgemeter_server.predictors.tables import predictor_checks, predictors
from edgemeter_server.services import Services
from edgemeter_server.settings import Settings

_log = structlog.get_logger()

#: Fewer new measurements say little.
FEWEST: Final = 8
#: Looked at again when there are so many times as many: the oftener one looks, the likelier is a false alarm.
GROWTH: Final = 1.5
#: The retest error where nobody knows it.
_USUAL_RETEST_ERROR: Final = 0.03


@dataclass(frozen=True, slots=True)
class Watched:
    """A row of `predictors`; what was measured up to `newest`, of which `unknown` were compared before."""

    predictor: Row[Any]
    newest: int
    unknown: int

    @property
    def of_files(self) -> bool:
        return str(self.predictor.builds).startswith(f"{ANY_NETWORK}/")


async def watch(services: Services) -> None:
    """All that have news. Called again and again, by every server process."""
    behind = await services.database.read(_behind)
    for watched, news in behind:
        if news:
            await _look(services, watched)
    if behind:
        newest = behind[0][0].newest
        await services.database.write(partial(_note_nothing_else, newest=newest))


async def _look(services: Services, watched: Watched) -> None:
    find = news_of_files if watched.of_files else news_of
    news = await services.database.read(lambda c: find(c, watched.predictor))
    looks = worth_a_look(news.count, watched.unknown, _enough(services.settings, news))
    judged = await _judged(watched, news) if looks and len(news.networks) >= FEWEST else None
    await services.database.write(
        partial(_conclude, services=services, watched=watched, news=news, judged=judged, looked=looks)
    )


def worth_a_look(count: int, before: int, enough: int) -> bool:
    """Whether `count` new measurements tell more than `before` did. `enough` are a reason to fit anew."""
    return count >= FEWEST and (count >= GROWTH * before or before < enough <= count)


async def _judged(watched: Watched, news: News) -> Judged | None:
    try:
        judged = await apart(news.judge)
    except JudgeError as error:
        _log.warning("a predictor is not watched", predictor=watched.predictor.id, why=str(error))
        return None
    return judged if len(judged.predicted_ms) >= FEWEST else None


def _behind(connection: Connection) -> list[tuple[Watched, bool]]:
    """Those that have not seen the newest measurement, and whether any later one is of their target."""
    newest = connection.execute(select(func.max(measurements.c.id))).scalar() or 0
    checks = predictor_checks.c
    active: Select[Any] = (
        select(
            *(column for column in predictors.c if column is not predictors.c.content),
            checks.measurement_id,
            func.coalesce(checks.unknown, 0).label("unknown"),
        )
        .outerjoin(predictor_checks, checks.predictor_id == predictors.c.id)
        .where(
            predictors.c.active,
            func.coalesce(checks.measurement_id, 0) < newest,
        )
    )
    rows = connection.execute(active.order_by(predictors.c.id)).all()
    return [(Watched(row, newest, row.unknown), _has_news(connection, row)) for row in rows]


def _has_news(connection: Connection, row: Row[Any]) -> bool:
    later = select(measurements.c.id).where(
        measurements.c.id > (row.measurement_id or 0), measurements.c.target_id == row.target_id
    )
    return connection.execute(later.limit(1)).first() is not None


def _note_nothing_else(connection: Connection, newest: int) -> None:
    """Of targets without news, so that what others measure is not searched over and over."""
    behind = update(predictor_checks).where(predictor_checks.c.measurement_id < newest)
    connection.execute(behind.values(measurement_id=newest))


def _conclude(
    connection: Connection,
    services: Services,
    watched: Watched,
    news: News,
    judged: Judged | None,
    looked: bool,
) -> None:
    """Keeps what was found, and begins a fit where there is reason to; nothing if another version answers."""
    mine = select(predictors.c.id).where(predictors.c.id == watched.predictor.id, predictors.c.active)
    if connection.execute(mine.with_for_update()).first() is None:
        return
    now_us = services.clock.now_us(connection)
    drift = None if judged is None else _drift(judged, news, now_us)
    _keep(connection, watched, news.count if looked else watched.unknown, drift)
    why = _reason(services.settings, news, drift) if looked and not watched.of_files else ""
    if why and queueing.begin_again(connection, watched.predictor.fit_id, why, now_us):
        _log.info("a predictor is fitted anew", predictor=watched.predictor.id, why=why)


def _drift(judged: Judged, news: News, now_us: int) -> DriftDocument:
    reason, shift = judged.reason, None
    if len(news.anchors_before) and len(news.anchors_since):
        shift = anchor_shift(news.anchors_before, news.anchors_since)
        retest = _USUAL_RETEST_ERROR if judged.retest_error is None else judged.retest_error
        moved = anchors_moved(news.anchors_before, news.anchors_since, retest)
        reason = "; ".join(filter(None, (reason, moved)))
    return DriftDocument(
        drifted=bool(reason),
        networks=len(judged.predicted_ms),
        inside_percent=judged.inside_percent,
        shift_percent=judged.shift_percent,
        anchors_percent=None if shift is None else 100 * shift,
        reason=reason,
        checked_at=instant(now_us),
    )


def _keep(connection: Connection, watched: Watched, unknown: int, drift: DriftDocument | None) -> None:
    values: dict[str, Any] = {"measurement_id": watched.newest, "unknown": unknown}
    if drift is not None:
        values |= {"drifted": drift.drifted, "document": drift.model_dump_json()}
    row = {"predictor_id": watched.predictor.id, "drifted": False, **values}
    statement = insert_into(connection, predictor_checks).values(row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[predictor_checks.c.predictor_id], set_=values)
    )


def _reason(settings: Settings, news: News, drift: DriftDocument | None) -> str:
    """Why a new version is due, by the settings; empty where it is not."""
    if settings.refit == "never":
        return ""
    if drift is not None and drift.drifted:
        return f"drift: {drift.reason}"
    if settings.refit == "new" and news.count >= _enough(settings, news):
        return f"{news.count} new measurements beside {news.known}"
    return ""


def _enough(settings: Settings, news: News) -> int:
    return max(1, min(settings.refit_new, ceil(settings.refit_share * news.known)))
