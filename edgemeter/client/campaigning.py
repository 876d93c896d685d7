"""Campaigns and the tables that they leave, each operation written once for both clients."""

from urllib.parse import quote

from edgemeter.client.asking import ask
from edgemeter.client.generated import (
    AnySpace,
    architectures_within,
    capabilities_within,
    named,
    operators_within,
)
from edgemeter.client.listing import LARGEST_PAGE, every, written
from edgemeter.client.project import home_project
from edgemeter.client.replies import reader
from edgemeter.client.steps import Call, Steps, Stream
from edgemeter.wire.base import Page
from edgemeter.wire.campaigns import (
    CampaignDocument,
    CampaignPlan,
    CampaignResult,
    Capabilities,
    LatencyTable,
    NewCampaign,
)

#: The server plans a campaign before it answers.
_LONGER_S = 60.0


def create_campaign(plan: CampaignPlan, *, project: str | None = None) -> Steps[CampaignDocument]:
    """Has a space measured on targets. What is stored is not measured again."""
    message = NewCampaign(project=(yield from home_project(project)), **plan.model_dump())
    call = Call(
        method="POST",
        path="/v1/campaigns",
        message=message,
        # What an identical one has measured is stored, but it would stand in the list twice.
        repeatable=False,
        longer_s=_LONGER_S,
        read=reader(CampaignDocument),
    )
    return (yield from ask(call))


def campaigns() -> Stream[CampaignDocument]:
    """Newest first."""
    return every("/v1/campaigns", Page[CampaignDocument], {}, page_size=50)


def campaign(campaign_id: int) -> Steps[CampaignDocument]:
    """How far it is."""
    path = f"/v1/campaigns/{int(campaign_id)}"
    return (yield from ask(Call(method="GET", path=path, read=reader(CampaignDocument))))


def cancel_campaign(campaign_id: int) -> Steps[CampaignDocument]:
    """Gives up what is not measured yet."""
    return _change(campaign_id, "cancel")


def resume_campaign(campaign_id: int) -> Steps[CampaignDocument]:
    """Asks anew for what was cancelled or invalid, and for what failed for a reason that may have gone."""
    return _change(campaign_id, "resume")


def campaign_results(campaign_id: int) -> Stream[CampaignResult]:
    """Every network of a campaign, by target, in the order of measuring."""
    path = f"/v1/campaigns/{int(campaign_id)}/results"
    return every(path, Page[CampaignResult], {}, page_size=LARGEST_PAGE)


def operator_table(target: str, space: AnySpace, *, project: str | None = None) -> Steps[LatencyTable]:
    """The newest valid latency of each operator of a space on a target."""
    asked = named(space)
    return operators_within(asked, (yield from _table(target, "operators", asked.name, project)))


def architecture_table(target: str, space: AnySpace, *, project: str | None = None) -> Steps[LatencyTable]:
    """The newest valid latency of each architecture of a space that was measured on a target."""
    asked = named(space)
    return architectures_within(asked, (yield from _table(target, "architectures", asked.name, project)))


def capabilities(target: str, space: AnySpace) -> Steps[Capabilities]:
    """Which operators a target runs on its own processor, as far as they were measured."""
    asked = named(space)
    path = f"/v1/targets/{quote(target, safe='')}/capabilities"
    call = Call(method="GET", path=path, query=written({"space": asked.name}), read=reader(Capabilities))
    return capabilities_within(asked, (yield from ask(call)))


def _change(campaign_id: int, word: str) -> Steps[CampaignDocument]:
    path = f"/v1/campaigns/{int(campaign_id)}/{word}"
    call = Call(method="POST", path=path, longer_s=_LONGER_S, read=reader(CampaignDocument))
    return (yield from ask(call))


def _table(target: str, word: str, space: str, project: str | None) -> Steps[LatencyTable]:
    path = f"/v1/targets/{quote(target, safe='')}/{word}"
    query = written({"space": space, "project": project})
    return (yield from ask(Call(method="GET", path=path, query=query, read=reader(LatencyTable))))
