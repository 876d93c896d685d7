"""The routes of estimates."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from pydantic import TypeAdapter

from edgemeter.wire.base import Slug
from edgemeter.wire.estimates import MOST_ESTIMATES, Estimates, Level, NetworkEstimate, NewEstimates
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.requests import MAX_REQUEST_WAIT_S
from edgemeter_server.campaigns.spaces import known_space
from edgemeter_server.http.body import require_octets
from edgemeter_server.http.caller import Caller, Viewer
from edgemeter_server.http.problems import Refusal
from edgemeter_server.http.routes import Router
from edgemeter_server.predictors.bulk import FORMATS, answered, bulk
from edgemeter_server.predictors.doubting import measure_doubtful, networks_of
from edgemeter_server.predictors.estimating import answers, considered
from edgemeter_server.predictors.loaded import how_to_fit
from edgemeter_server.predictors.operators import check_operators, operator_estimates
from edgemeter_server.services import Services, ServicesOf

router = Router(prefix="/v1/estimates", tags=["estimates"])

_REPLY: Final = TypeAdapter(Estimates)  #: writes bytes, where the model itself writes text
WaitSeconds = Annotated[float, Query(ge=0, le=MAX_REQUEST_WAIT_S, alias="wait")]
_BINARY: dict[str, Any] = {
    "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in FORMATS}
}


@router.post("", response_model=Estimates)
async def estimate(
    services: ServicesOf, caller: Viewer, message: NewEstimates, wait_s: WaitSeconds = 0.0
) -> Response:
    """How long each network takes on each target: measured where it was, else predicted.

    Architectures are answered by the target's predictor of their space, files by its predictor of any file,
    operators by the table of those that are measured.

    With `max_interval` what is predicted too widely is measured; with `wait`, the answer comes when all of
    that has ended, or after so many seconds.
    """
    found: Sequence[NetworkEstimate]
    if message.architectures:
        asked = await considered(message)
        found = await answers(services, caller, asked)
        networks = networks_of(message, asked)
    else:
        found = await _of_others(services, caller, message)
        networks = networks_of(message, None)
    found = await measure_doubtful(services, caller, message, networks, list(found), wait_s)
    reply = Estimates.model_validate({"estimates": tuple(found)})
    return Response(_REPLY.dump_json(reply), media_type="application/json")


async def _of_others(services: Services, caller: Caller, message: NewEstimates) -> Sequence[NetworkEstimate]:
    if len(message.operators or message.artifacts) * len(message.targets) > MOST_ESTIMATES:
        raise Refusal(ProblemType.TOO_LARGE, f"at most {MOST_ESTIMATES} estimates at once; ask in parts")
    if message.artifacts:
        return await services.files.of(services, caller, message)
    space = known_space(message.space or "")
    check_operators(space, message)
    return await services.database.read(lambda c: operator_estimates(c, caller, space, message))


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
    """Predictions alone, for any number of architectures, answered once all of their codes were checked.

    Bytes: one for each column, row after row; the answer has three little-endian float32 for each row:
    latency, low and high, in milliseconds. Arrow: a stream of one column of fixed size lists of uint8, or of
    one column of uint8 for each of the space's; the answer is a stream of `latency_ms`, `low_ms`, `high_ms`.
    """
    media_type = require_octets(request.headers, *FORMATS)
    found = known_space(space)
    standing = await services.standings.of(services.database, caller, project, found, target)
    if standing.active is None:
        raise Refusal(ProblemType.NOT_FOUND, how_to_fit(found, target))
    note = partial(services.asked.note, standing.about)
    asked = bulk(found, standing.active.evaluator, level, media_type, services.settings.data_folder, note)
    return await answered(asked, request.stream())
