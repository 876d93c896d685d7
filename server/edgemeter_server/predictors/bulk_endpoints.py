"""The route of many architectures at once."""

from functools import partial
from typing import Annotated, Any

from fastapi import Query, Request, Response

from edgemeter.wire.base import Message, Slug
from edgemeter.wire.estimates import Level
from edgemeter.wire.problems import ProblemType
from edgemeter_server.campaigns.spaces import known_space
from edgemeter_server.http.body import require_octets
from edgemeter_server.http.caller import Viewer
from edgemeter_server.http.direct_route import DirectRoute
from edgemeter_server.http.problems import Refusal
from edgemeter_server.http.routes import Router
from edgemeter_server.predictors.bulk import FORMATS, answered, bulk
from edgemeter_server.predictors.loaded import how_to_fit
from edgemeter_server.services import ServicesOf

router = Router(prefix="/v1/estimates", tags=["estimates"], route_class=DirectRoute)

_BINARY: dict[str, Any] = {
    "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in FORMATS}
}


class BulkQuery(Message):
    space: Slug
    target: Slug
    project: Slug = "default"
    level: Level = 0.9


@router.post(
    "/bulk",
    response_class=Response,
    responses={200: _BINARY},
    openapi_extra={"requestBody": {"required": True, **_BINARY}},
)
async def estimate_bulk(
    services: ServicesOf, caller: Viewer, request: Request, query: Annotated[BulkQuery, Query()]
) -> Response:
    """Predictions alone, for any number of architectures, answered once all of their codes were checked.

    Bytes: one for each column, row after row; the answer has three little-endian float32 for each row:
    latency, low and high, in milliseconds. Arrow: a stream of one column of fixed size lists of uint8, or of
    one column of uint8 for each of the space's; the answer is a stream of `latency_ms`, `low_ms`, `high_ms`.
    """
    media_type = require_octets(request.headers, *FORMATS)
    space = known_space(query.space)
    standing = await services.standings.of(services.database, caller, query.project, space, query.target)
    if standing.active is None:
        raise Refusal(ProblemType.NOT_FOUND, how_to_fit(space, query.target))
    note = partial(services.asked.note_codes, standing.about)
    evaluator, folder = standing.active.evaluator, services.settings.data_folder
    asked = bulk(space, evaluator, query.level, media_type, folder, note)
    return await answered(asked, request.stream())
