"""Predictors of other targets that a fit starts from: a new device then needs few measurements of its own."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from edgemeter.wire.predictors import MOST_SOURCES
from edgemeter_predictors.transfer import Transfer
from edgemeter_server.devices.tables import targets
from edgemeter_server.predictors.material import FitError, SavedSource
from edgemeter_server.predictors.queueing import Held
from edgemeter_server.predictors.saved import saved
from edgemeter_server.predictors.tables import predictors

#: With more architectures a target speaks for itself, and others are its prior only where they are asked for.
FEW: Final = 100


def take(connection: Connection, held: Held, networks: int) -> tuple[SavedSource, ...]:
    """Those that the fit names; else the newest of its space, where `networks` are few. Which of them are
    like the target is found by the fit. Raises FitError for a named target that has none.
    """
    if held.sources is None:
        wanted = networks <= FEW or held.model == Transfer.name
        found = _others(connection, held)[:MOST_SOURCES] if wanted else []
    else:
        found = _named(_others(connection, held), held.sources, held.builds)
    return tuple(SavedSource(row.slug, row.id, saved(connection, row.id)) for row in found)


def _others(connection: Connection, held: Held) -> Sequence[Row[Any]]:
    """What answers for other targets, newest first. What was itself made from others adds nothing to them,
    and would hold all of them once more.
    """
    columns = predictors.c
    answering: Select[Any] = (
        select(columns.id, columns.document, targets.c.slug)
        .join(targets, targets.c.id == columns.target_id)
        .where(
            columns.project_id == held.project_id,
            columns.builds == held.builds,
            columns.active,
            columns.target_id != held.target_id,
        )
        .order_by(columns.id.desc())
    )
    rows = connection.execute(answering).all()
    return [row for row in rows if json.loads(row.document)["model"] != Transfer.name]


def _named(others: Sequence[Row[Any]], wanted: Sequence[str], builds: str) -> list[Row[Any]]:
    known = {row.slug: row for row in others}
    missing = [slug for slug in wanted if slug not in known]
    if missing:
        space = builds.partition("/")[0]
        raise FitError(
            f"{', '.join(missing)}: there is no predictor of {space} to start from, made from measurements of"
            f" its own; `edgemeter predictors list --space {space} --active` tells where there is one"
        )
    return [known[slug] for slug in dict.fromkeys(wanted)]
