"""The routes of estimates."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.wire.base import Slug
from edgemeter.wire.estimates import Estimates, Level, NewEstimates
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import project_id
from edgemeter_server.campaigns.spaces import known_space
from edgemeter_server.http.body import OCTETS, require_octets
from edgemeter_server.http.caller import Viewer
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.doubting import measure_doubtful
from edgemeter_server.predictors.estimating import answer, question
from edgemeter_server.services import ServicesOf

router = APIRouter(prefix="/v1/estimates", tags=["estimates"])

_BINARY: dict[str, Any] = {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}


@router.post("", response_model=Estimates)
async def estimate(services: ServicesOf, caller: Viewer, message: NewEstimates) -> Response:
    """How long each architecture takes on each target: measured where it was, else predicted."""
    asked = question(message)
    found = await services.database.read(lambda c: answer(c, caller, services.loaded, asked))
    found = await measure_doubtful(services, caller, asked, found)
    reply = Estimates.model_construct(estimates=tuple(found))
    return Response(reply.model_dump_json(), media_type="application/json")


@router.post(
    "/bulk",
    response_class=Response,
    responses={200: _BINARY},
    openapi_extra={"requestBody": {"required": True, **_BINARY}},
)
async def estimate_bulk(
    services: ServicesOf,
    caller: Viewer,
    request: Request,
    space: Slug,
    target: Slug,
    project: Slug = "default",
    level: Annotated[Level, Query()] = 0.9,
) -> Response:
    """Predictions alone, for many architectures. The body holds their codes, one byte for each column, row
    after row; the answer three little-endian float32 for each: latency, low and high, in milliseconds.
    """
    require_octets(request.headers)
    found = known_space(space)
    codes = _codes(found, await request.body())
    active = await services.database.read(
        lambda c: services.loaded.active(c, project_id(c, caller, project, writing=False), found, target)
    )
    prediction = active.predictor.predict(codes)
    interval = active.predictor.interval(prediction, level)
    table = np.empty((len(codes), 3), "<f4")
    table[:, 0], table[:, 1], table[:, 2] = prediction.mean_ms, interval.low_ms, interval.high_ms
    return Response(table.tobytes(), media_type=OCTETS)


def _codes(space: Space, body: bytes) -> Codes:
    width = len(space.columns)
    if not body or len(body) % width:
        detail = f"{len(body)} bytes are not rows of {width} codes, which an architecture of {space.name} has"
        raise Refusal(ProblemType.INVALID, detail)
    try:
        return validate(space, np.frombuffer(body, np.uint8).reshape(-1, width))
    except CodeError as error:
        raise Refusal(ProblemType.INVALID, str(error)) from None
