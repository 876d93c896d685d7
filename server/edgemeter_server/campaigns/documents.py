"""Campaigns as they are told."""

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from edgemeter.wire.campaigns import CampaignDocument, CampaignPlan, CampaignState
from edgemeter_server.access.projects import visible_projects
from edgemeter_server.access.tables import projects
from edgemeter_server.campaigns.creating import unknown
from edgemeter_server.campaigns.progress import target_documents
from edgemeter_server.campaigns.tables import campaigns
from edgemeter_server.devices.documents import Moment
from edgemeter_server.http.caller import Caller
from edgemeter_server.instants import instant, instant_or_none


def one(connection: Connection, caller: Caller, campaign_id: int, moment: Moment) -> CampaignDocument:
    """Raises Refusal NOT_FOUND for what is absent or not visible."""
    row = connection.execute(_visible(caller).where(campaigns.c.id == campaign_id)).one_or_none()
    if row is None:
        raise unknown(campaign_id)
    return _documents(connection, [row], moment)[0]


def listed(
    connection: Connection, caller: Caller, before_id: int, limit: int, moment: Moment
) -> list[CampaignDocument]:
    """Newest first."""
    page = _visible(caller).where(campaigns.c.id < before_id).order_by(campaigns.c.id.desc()).limit(limit)
    return _documents(connection, list(connection.execute(page)), moment)


def _visible(caller: Caller) -> Select[Any]:
    joined = select(campaigns, projects.c.slug.label("project")).join(
        projects, projects.c.id == campaigns.c.project_id
    )
    return joined.where(visible_projects(caller))


def _documents(connection: Connection, rows: list[Row[Any]], moment: Moment) -> list[CampaignDocument]:
    targets = target_documents(connection, [row.id for row in rows], moment)
    return [
        CampaignDocument(
            id=row.id,
            project=row.project,
            version=int(row.builds.partition("/")[2]),
            plan=CampaignPlan.model_validate_json(row.plan),
            state=CampaignState(row.state),
            created_at=instant(row.created_us),
            ended_at=instant_or_none(row.ended_us),
            targets=tuple(targets[row.id]),
        )
        for row in rows
    ]
