"""The routes of the agent protocol that concern leases. What they answer is checked by whoever made it."""

from fastapi import Request, Response

from edgemeter.wire.agents import Claim, Claimed, Renew, Renewed, ReportBatch, Reported
from edgemeter.wire.problems import ProblemType
from edgemeter_server import faults, tracing
from edgemeter_server.http.caller import Agent, Caller
from edgemeter_server.http.direct_route import DirectRoute
from edgemeter_server.http.problems import Refusal
from edgemeter_server.http.routes import Router
from edgemeter_server.jobs import claiming, renewing, reporting
from edgemeter_server.jobs.lease_documents import claimed
from edgemeter_server.services import ServicesOf

router = Router(prefix="/v1/agent", tags=["agents"], route_class=DirectRoute)


@router.post("/claims", response_model=Claimed)
async def claim_jobs(request: Request, services: ServicesOf, caller: Agent, message: Claim) -> Response:
    """Leases of up to `up_to` jobs of one target; waits up to `wait_s` for the first. Repeat it by its id."""
    granted = await claiming.claim(services, _device(caller), message, request.is_disconnected)
    tracing.about(jobs=(row.job_id for row in granted.rows), attempts=(row.id for row in granted.rows))
    faults.point("claim.reply")
    return _json(claimed(granted, services.key))


@router.post("/renewals", response_model=Renewed)
async def renew_leases(services: ServicesOf, caller: Agent, message: Renew) -> Response:
    """Tells of each lease whether it is held. 409: none of them is; stop and forget."""
    renewed = await renewing.renew(services, _device(caller), message)
    tracing.about(attempts=(held.attempt_id for held in message.leases))
    faults.point("renew.reply")
    return _json(renewed.model_dump_json())


@router.post("/reports", response_model=Reported)
async def report_attempts(services: ServicesOf, caller: Agent, message: ReportBatch) -> Response:
    """What attempts came to. A receipt means that it is kept; the same report again gets the same receipt."""
    reported = await reporting.report(services, _device(caller), message)
    tracing.about(attempts=(each.attempt_id for each in message.reports))
    faults.point("report.reply")
    return _json(reported.model_dump_json())


def _device(caller: Caller) -> int:
    if caller.device_id is None:
        raise Refusal(ProblemType.FORBIDDEN, "this token belongs to no device")
    return caller.device_id


def _json(reply: bytes | str) -> Response:
    return Response(reply, media_type="application/json")
