"""The routes of fits and predictors."""

from typing import Annotated, Any

from fastapi import Path, Query, Response

from edgemeter.wire.base import Page, Slug
from edgemeter.wire.predictors import MAX_FIT_WAIT_S, Comparison, FitDocument, NewFit, PredictorDocument
from edgemeter_server.http.body import OCTETS, OCTETS_CONTENT
from edgemeter_server.http.caller import Submitter, Viewer
from edgemeter_server.http.paging import NEWEST, Cursor, Limit, before_id, page_of
from edgemeter_server.http.routes import Router
from edgemeter_server.predictors import comparing, documents, fitting, publishing, queueing
from edgemeter_server.predictors.documents import Filter
from edgemeter_server.services import ServicesOf

router = Router(tags=["predictors"])

FitId = Annotated[int, Path(ge=1, le=NEWEST)]
PredictorId = Annotated[int, Path(ge=1, le=NEWEST)]
WaitSeconds = Annotated[float, Query(ge=0, le=MAX_FIT_WAIT_S, alias="wait")]
_FILE: dict[int | str, dict[str, Any]] = {200: OCTETS_CONTENT}


@router.post("/v1/predictors", status_code=202)
async def fit_predictor(services: ServicesOf, caller: Submitter, message: NewFit) -> FitDocument:
    """Asks for a new version, fitted on what is measured now. `GET /v1/fits/ID?wait=30` tells when it is."""
    id_ = await services.database.write(lambda c: queueing.ask(c, caller, message, services.clock.now_us(c)))
    return await services.database.read(lambda c: documents.fit(c, caller, id_))


@router.get("/v1/fits/{fit_id}")
async def get_fit(
    services: ServicesOf, caller: Viewer, fit_id: FitId, wait_s: WaitSeconds = 0.0
) -> FitDocument:
    """One fit. With `wait`, up to so many seconds later, or as soon as it has ended."""
    return await fitting.ended_within(services, caller, fit_id, wait_s)


@router.get("/v1/predictors")
async def list_predictors(
    services: ServicesOf,
    caller: Viewer,
    project: Slug | None = None,
    space: Slug | None = None,
    target: Slug | None = None,
    active: bool | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[PredictorDocument]:
    """Published versions of projects that the caller may see, newest first."""
    before, wanted = before_id(cursor), Filter(project, space, target, active)
    rows = await services.database.read(lambda c: documents.listed(c, caller, wanted, before, limit + 1))
    return page_of(rows, limit, lambda row: row.id)


@router.get("/v1/predictors/{predictor_id}")
async def get_predictor(services: ServicesOf, caller: Viewer, predictor_id: PredictorId) -> PredictorDocument:
    """What it was fitted on, and how far it errs."""
    return await services.database.read(lambda c: documents.one(c, caller, predictor_id))


@router.get("/v1/predictors/{predictor_id}/content", responses=_FILE, response_class=Response)
async def get_predictor_content(services: ServicesOf, caller: Viewer, predictor_id: PredictorId) -> Response:
    """The saved predictor, to be evaluated elsewhere."""
    content = await services.database.read(lambda c: documents.content(c, caller, predictor_id))
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f'attachment; filename="predictor-{predictor_id}.edgemeter"',
    }
    return Response(content, headers=headers, media_type=OCTETS)


@router.get("/v1/predictors/{predictor_id}/comparison/{other_id}")
async def compare_predictors(
    services: ServicesOf, caller: Viewer, predictor_id: PredictorId, other_id: PredictorId
) -> Comparison:
    """Two versions of one space on one target, on what was measured there that neither was fitted on."""
    return await comparing.compared(services, caller, predictor_id, other_id)


@router.post("/v1/predictors/{predictor_id}/activate")
async def activate_predictor(
    services: ServicesOf, caller: Submitter, predictor_id: PredictorId
) -> PredictorDocument:
    """This version answers estimates from now on. Activating an older one rolls back."""
    await services.database.write(lambda c: publishing.activate(c, caller, predictor_id))
    return await services.database.read(lambda c: documents.one(c, caller, predictor_id))
