"""Fits and predictors as they are told."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from edgemeter.wire.predictors import DriftDocument, FitDocument, FitState, PredictorDocument
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import visible_projects
from edgemeter_server.access.tables import projects
from edgemeter_server.devices.tables import target_revisions, targets
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.instants import instant, instant_or_none
from edgemeter_server.predictors.kernels.staleness import engines_of, stale
from edgemeter_server.predictors.tables import automatic_fits, fits, predictor_checks, predictors


@dataclass(frozen=True, slots=True)
class Filter:
    """None leaves it open."""

    project: str | None = None
    space: str | None = None
    target: str | None = None
    active: bool | None = None


def fit(connection: Connection, caller: Caller, fit_id: int) -> FitDocument:
    """Raises Refusal NOT_FOUND for what is absent or not visible."""
    row = connection.execute(_fits(caller).where(fits.c.id == fit_id)).one_or_none()
    if row is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no fit {fit_id}, or not yours")
    space, version = _space(row)
    return FitDocument(
        id=row.id,
        project=row.project,
        space=space,
        version=version,
        target=row.target,
        model=row.model,
        state=FitState(row.state),
        created_at=instant(row.created_us),
        ended_at=instant_or_none(row.ended_us),
        predictor_id=row.predictor_id,
        failure=row.failure,
        reason=row.reason,
    )


def one(connection: Connection, caller: Caller, predictor_id: int) -> PredictorDocument:
    """Raises Refusal NOT_FOUND for what is absent or not visible."""
    row = connection.execute(_predictors(caller).where(predictors.c.id == predictor_id)).one_or_none()
    if row is None:
        raise unknown(predictor_id)
    return _document(connection, row)


def listed(
    connection: Connection, caller: Caller, wanted: Filter, before_id: int, limit: int
) -> list[PredictorDocument]:
    """Newest first."""
    rows = _predictors(caller).where(predictors.c.id < before_id)
    if wanted.project is not None:
        rows = rows.where(projects.c.slug == wanted.project)
    if wanted.target is not None:
        rows = rows.where(targets.c.slug == wanted.target)
    if wanted.space is not None:
        rows = rows.where(predictors.c.builds.startswith(wanted.space + "/", autoescape=True))
    if wanted.active is not None:
        rows = rows.where(predictors.c.active.is_(wanted.active))
    newest = connection.execute(rows.order_by(predictors.c.id.desc()).limit(limit)).all()
    return [_document(connection, row) for row in newest]


def content(connection: Connection, caller: Caller, predictor_id: int) -> bytes:
    """The saved predictor. Raises Refusal NOT_FOUND for what is absent or not visible."""
    found = (
        select(predictors.c.content)
        .join(projects, projects.c.id == predictors.c.project_id)
        .where(predictors.c.id == predictor_id, visible_projects(caller))
    )
    data = connection.execute(found).scalar()
    if data is None:
        raise unknown(predictor_id)
    return bytes(data)


def unknown(predictor_id: int) -> Refusal:
    return Refusal(ProblemType.NOT_FOUND, f"no predictor {predictor_id}, or not yours")


def _fits(caller: Caller) -> Select[Any]:
    return (
        select(
            fits,
            projects.c.slug.label("project"),
            targets.c.slug.label("target"),
            predictors.c.id.label("predictor_id"),
            automatic_fits.c.reason,
        )
        .join(projects, projects.c.id == fits.c.project_id)
        .join(targets, targets.c.id == fits.c.target_id)
        .outerjoin(predictors, predictors.c.fit_id == fits.c.id)
        .outerjoin(automatic_fits, automatic_fits.c.fit_id == fits.c.id)
        .where(visible_projects(caller))
    )


def _predictors(caller: Caller) -> Select[Any]:
    columns = [column for column in predictors.c if column is not predictors.c.content]
    return (
        select(
            *columns,
            func.length(predictors.c.content).label("size_bytes"),
            projects.c.slug.label("project"),
            targets.c.slug.label("target"),
            target_revisions.c.number.label("revision"),
            predictor_checks.c.document.label("drift"),
        )
        .join(projects, projects.c.id == predictors.c.project_id)
        .join(targets, targets.c.id == predictors.c.target_id)
        .join(target_revisions, target_revisions.c.id == predictors.c.revision_id)
        .outerjoin(predictor_checks, predictor_checks.c.predictor_id == predictors.c.id)
        .where(visible_projects(caller))
    )


def _document(connection: Connection, row: Row[Any]) -> PredictorDocument:
    space, version = _space(row)
    document = json.loads(row.document)
    return PredictorDocument(
        id=row.id,
        project=row.project,
        space=space,
        version=version,
        target=row.target,
        revision=row.revision,
        number=row.number,
        active=row.active,
        snapshot_sha256=row.snapshot_sha256.hex(),
        file_sha256=row.file_sha256.hex(),
        size_bytes=row.size_bytes,
        created_at=instant(row.created_us),
        fit_id=row.fit_id,
        drift=None if row.drift is None else DriftDocument.model_validate_json(row.drift),
        stale=_stale(connection, row.target_id, document),
        **document,
    )


def _stale(connection: Connection, target_id: int, document: dict[str, Any]) -> str | None:
    """Predictors of spaces are watched instead."""
    campaign = document.get("campaign")
    if campaign is None:
        return None
    return stale(engines_of(connection, target_id), campaign["engine_version"])


def _space(row: Row[Any]) -> tuple[str, int]:
    name, _, version = row.builds.partition("/")
    return name, int(version)
