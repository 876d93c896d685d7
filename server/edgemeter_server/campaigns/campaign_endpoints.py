"""The routes of campaigns."""

from typing import Annotated

from fastapi import Path
from sqlalchemy import Connection

from edgemeter.wire.base import Page
from edgemeter.wire.campaigns import CampaignDocument, CampaignPlan, CampaignResult, NewCampaign
from edgemeter_server.campaigns import creating, documents
from edgemeter_server.campaigns.advancing import advance
from edgemeter_server.campaigns.results import results
from edgemeter_server.devices.documents import Moment
from edgemeter_server.http.caller import Caller, Submitter, Viewer
from edgemeter_server.http.paging import NEWEST, Cursor, Limit, after_place, before_id, page_of, place_cursor
from edgemeter_server.http.routes import Router
from edgemeter_server.services import Services, ServicesOf

router = Router(prefix="/v1/campaigns", tags=["campaigns"])

CampaignId = Annotated[int, Path(ge=1, le=NEWEST)]


@router.post("", status_code=201)
async def create_campaign(services: ServicesOf, caller: Submitter, message: NewCampaign) -> CampaignDocument:
    """Plans a campaign and makes its first requests. Targets that nobody offers yet are waited for."""
    creating.check_plan(CampaignPlan.model_validate(message.model_dump(exclude={"project"})))
    id_ = await services.database.write(
        lambda c: creating.create(c, caller, message, services.clock.now_us(c))
    )
    await advance(services, id_)
    return await _one(services, caller, id_)


@router.get("")
async def list_campaigns(
    services: ServicesOf, caller: Viewer, limit: Limit = 100, cursor: Cursor = None
) -> Page[CampaignDocument]:
    """Campaigns of projects that the caller may see, newest first."""
    before = before_id(cursor)
    rows = await services.database.read(
        lambda c: documents.listed(c, caller, before, limit + 1, _moment(services, c))
    )
    return page_of(rows, limit, lambda row: row.id)


@router.get("/{campaign_id}")
async def get_campaign(services: ServicesOf, caller: Viewer, campaign_id: CampaignId) -> CampaignDocument:
    """How far it is on each target, what it has cost, and what is left."""
    return await _one(services, caller, campaign_id)


@router.post("/{campaign_id}/cancel")
async def cancel_campaign(
    services: ServicesOf, caller: Submitter, campaign_id: CampaignId
) -> CampaignDocument:
    """Gives up what is not measured yet. What was measured stays; `resume` goes on."""
    topics = await services.database.write(
        lambda c: creating.cancel(c, caller, campaign_id, services.clock.now_us(c))
    )
    await services.wakeups.publish(topics)
    return await _one(services, caller, campaign_id)


@router.post("/{campaign_id}/resume")
async def resume_campaign(
    services: ServicesOf, caller: Submitter, campaign_id: CampaignId
) -> CampaignDocument:
    """Asks anew for what was cancelled or invalid, for what failed for a reason that may have gone, and for
    what was measured by another version of the protocol.
    """
    topics = await services.database.write(
        lambda c: creating.resume(c, caller, campaign_id, services.clock.now_us(c))
    )
    await services.wakeups.publish(topics)
    await advance(services, campaign_id)
    return await _one(services, caller, campaign_id)


@router.get("/{campaign_id}/results")
async def list_results(
    services: ServicesOf,
    caller: Viewer,
    campaign_id: CampaignId,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[CampaignResult]:
    """Every network by target, in the order of measuring, with its latency or why there is none."""
    after = after_place(cursor)

    def work(connection: Connection) -> list[tuple[tuple[int, int], CampaignResult]]:
        documents.one(connection, caller, campaign_id, _moment(services, connection))
        return results(connection, campaign_id, after, limit + 1)

    rows = await services.database.read(work)
    shown = tuple(result for _, result in rows[:limit])
    return Page(items=shown, next_cursor=place_cursor(rows[limit - 1][0]) if len(rows) > limit else None)


async def _one(services: Services, caller: Caller, campaign_id: int) -> CampaignDocument:
    return await services.database.read(lambda c: documents.one(c, caller, campaign_id, _moment(services, c)))


def _moment(services: Services, connection: Connection) -> Moment:
    return Moment(services.clock.now_us(connection), services.settings.session_lost_s)
