"""The routes of the agent protocol that concern leases. What they answer is checked by whoever made it."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from edgemeter.wire.agents import Claim, Claimed, Renew, Renewed, ReportBatch, Reported
from edgemeter.wire.problems import ProblemType
from edgemeter_server import faults, tracing
from edgemeter_server.http.caller import Agent, Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs import claiming, renewing, reporting
from edgemeter_server.services import ServicesOf

router = APIRouter(prefix="/v1/agent", tags=["agents"])


@router.post("/claims", response_model=Claimed)
async def claim_jobs(request: Request, services: ServicesOf, caller: Agent, message: Claim) -> Response:
    """Leases of up to `up_to` jobs of one target; waits up to `wait_s` for the first. Repeat it by its id."""
    claimed = await claiming.claim(services, _device(caller), message, request.is_disconnected)
    leases = claimed.leases
    tracing.about(jobs=(each.job_id for each in leases), attempts=(each.attempt_id for each in leases))
    faults.point("claim.reply")
    return _json(claimed)


@router.post("/renewals", response_model=Renewed)
async def renew_leases(services: ServicesOf, caller: Agent, message: Renew) -> Response:
    """Tells of each lease whether it is held. 409: none of them is; stop and forget."""
    renewed = await renewing.renew(services, _device(caller), message)
    tracing.about(attempts=(held.attempt_id for held in message.leases))
    faults.point("renew.reply")
    return _json(renewed)


@router.post("/reports", response_model=Reported)
async def report_attempts(services: ServicesOf, caller: Agent, message: ReportBatch) -> Response:
    """What attempts came to. A receipt means that it is kept; the same report again gets the same receipt."""
    reported = await reporting.report(services, _device(caller), message)
    tracing.about(attempts=(each.attempt_id for each in message.reports))
    faults.point("report.reply")
    return _json(reported)


def _device(caller: Caller) -> int:
    if caller.device_id is None:
        raise Refusal(ProblemType.FORBIDDEN, "this token belongs to no device")
    return caller.device_id


def _json(reply: BaseModel) -> Response:
    return Response(reply.model_dump_json(), media_type="application/json")
