"""Active campaigns: for each target that is to be planned now, what its predictor would have measured."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, Row, select

from edgemeter.wire.campaigns import CampaignPlan, CampaignState
from edgemeter_server.campaigns.latencies import architecture_labels
from edgemeter_server.campaigns.tables import campaign_targets, campaigns
from edgemeter_server.devices.tables import targets
from edgemeter_server.measurements.listing import in_project
from edgemeter_server.predictors.apart import apart
from edgemeter_server.predictors.asked import About, sketch
from edgemeter_server.predictors.choosing import ChooseError, choose_in_child
from edgemeter_server.predictors.tables import predictors
from edgemeter_server.services import Services

_log = structlog.get_logger()

#: By target: architectures to train on, in the order of what they would teach. Empty: drawn as ever.
Choices = Mapping[str, Sequence[str]]


class Due(NamedTuple):
    """A target that a device offers and that is not planned; `content` is of the predictor that answers,
    `asked` what it was asked, as rows of codes.
    """

    slug: str
    content: bytes | None
    measured: frozenset[str] = frozenset()
    asked: bytes = b""


async def choices(services: Services, campaign_id: int) -> Choices:
    """Before the unit of work that plans: choosing takes seconds. Campaigns that are not active have none."""
    plan, due = await services.database.read(lambda connection: _due(connection, campaign_id))
    found: dict[str, Sequence[str]] = {}
    for each in due:
        found[each.slug] = ()
        if each.content is not None:
            try:
                found[each.slug] = await apart(choose_in_child, plan, each.content, each.measured, each.asked)
            except ChooseError as error:
                _log.warning(
                    "architectures are drawn", campaign=campaign_id, target=each.slug, why=str(error)
                )
    return found


def _due(connection: Connection, campaign_id: int) -> tuple[CampaignPlan, list[Due]]:
    campaign = connection.execute(select(campaigns).where(campaigns.c.id == campaign_id)).one()
    plan = CampaignPlan.model_validate_json(campaign.plan)
    if not plan.active or campaign.state != CampaignState.ACTIVE:
        return plan, []
    unplanned = (
        select(targets.c.id, targets.c.slug)
        .join(campaign_targets, campaign_targets.c.slug == targets.c.slug)
        .where(campaign_targets.c.campaign_id == campaign_id, campaign_targets.c.target_id.is_(None))
    )
    return plan, [_one(connection, campaign, row) for row in connection.execute(unplanned).all()]


def _one(connection: Connection, campaign: Row[Any], target: Row[int, str]) -> Due:
    answers = select(predictors.c.content).where(
        predictors.c.project_id == campaign.project_id,
        predictors.c.target_id == target.id,
        predictors.c.builds == campaign.builds,
        predictors.c.active,
    )
    content = connection.execute(answers).scalar()
    if content is None:
        return Due(target.slug, None)
    rows = architecture_labels(connection, campaign.builds, target.id, in_project(campaign.project_id))
    asked = sketch(connection, About(campaign.project_id, target.id, campaign.builds))
    return Due(target.slug, bytes(content), frozenset(row.text for row in rows), asked)
