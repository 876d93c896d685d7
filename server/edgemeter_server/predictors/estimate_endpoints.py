"""The routes of estimates."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Response
from pydantic_core import to_json

from edgemeter.wire.estimates import MOST_ESTIMATES, Estimates, NetworkEstimate, NewEstimates
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.requests import MAX_REQUEST_WAIT_S
from edgemeter_server.campaigns.spaces import known_space
from edgemeter_server.http.caller import Caller, Viewer
from edgemeter_server.http.problems import Refusal
from edgemeter_server.http.routes import Router
from edgemeter_server.predictors.doubting import measure_doubtful, networks_of
from edgemeter_server.predictors.estimating import answers, considered
from edgemeter_server.predictors.operators import check_operators, operator_estimates
from edgemeter_server.services import Services, ServicesOf

router = Router(prefix="/v1/estimates", tags=["estimates"])

WaitSeconds = Annotated[float, Query(ge=0, le=MAX_REQUEST_WAIT_S, alias="wait")]


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
    # As `Estimates` writes it, which would first look for the kind that they are of.
    return Response(to_json({"estimates": found}, inf_nan_mode="null"), media_type="application/json")


async def _of_others(services: Services, caller: Caller, message: NewEstimates) -> Sequence[NetworkEstimate]:
    if len(message.operators or message.artifacts) * len(message.targets) > MOST_ESTIMATES:
        raise Refusal(ProblemType.TOO_LARGE, f"at most {MOST_ESTIMATES} estimates at once; ask in parts")
    if message.artifacts:
        return await services.files.of(services, caller, message)
    space = known_space(message.space or "")
    check_operators(space, message)
    return await services.database.read(lambda c: operator_estimates(c, caller, space, message))
