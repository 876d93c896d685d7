"""Campaigns as their owners make and change them: created, cancelled, resumed."""

from sqlalchemy import ColumnElement, Connection, insert, select, update

from edgemeter.spaces.space import CodeError
from edgemeter.wire.campaigns import CampaignPlan, CampaignState, NewCampaign
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter_server.access.projects import own_projects, project_id
from edgemeter_server.access.tables import projects
from edgemeter_server.campaigns.spaces import builds_of, known_space, planned_space
from edgemeter_server.campaigns.tables import campaign_items, campaign_targets, campaigns
from edgemeter_server.campaigns.versions import outdated
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.requests import cancel_all
from edgemeter_server.jobs.tables import jobs, requests, specs
from edgemeter_server.measurements.tables import measurements

#: Failures that asking again would not mend.
_FOR_GOOD = ("malformed", "unsupported_op")


def check_plan(plan: CampaignPlan) -> None:
    """Raises Refusal INVALID."""
    known_space(plan.space)
    try:
        planned_space(plan)
    except CodeError as error:
        raise Refusal(ProblemType.INVALID, f"/part: {error}") from None
    if len(set(plan.targets)) < len(plan.targets):
        wrong = FieldError(pointer="/targets", detail="a target is named twice")
        raise Refusal(ProblemType.INVALID, "/targets: a target is named twice", errors=(wrong,))
    if plan.contexts + plan.architectures + plan.test == 0:
        raise Refusal(ProblemType.INVALID, "nothing is planned: no operators and no architectures")


def create(connection: Connection, caller: Caller, message: NewCampaign, now_us: int) -> int:
    """The new campaign's id. Its targets need not be known yet. Raises Refusal NOT_FOUND."""
    project = project_id(connection, caller, message.project, writing=True)
    row = {
        "project_id": project,
        "token_id": caller.token_id,
        "builds": builds_of(known_space(message.space)),
        "plan": message.model_dump_json(exclude={"project"}),
        "state": CampaignState.ACTIVE.value,
        "created_us": now_us,
    }
    added = insert(campaigns).values(row).returning(campaigns.c.id)
    id_ = int(connection.execute(added).scalar_one())
    contexts = len(planned_space(message).placed)
    aims = [{"campaign_id": id_, "slug": slug, "contexts": contexts} for slug in message.targets]
    connection.execute(insert(campaign_targets), aims)
    return id_


def cancel(connection: Connection, caller: Caller, campaign_id: int, now_us: int) -> tuple[str, ...]:
    """Ends it and its open requests; what was measured stays. Returns the topics to wake.

    Raises Refusal NOT_FOUND for what is absent or not the caller's own.
    """
    if _state(connection, caller, campaign_id) is not CampaignState.ACTIVE:
        return ()
    topics = cancel_all(connection, _requests(connection, campaign_id), now_us)
    ended = update(campaigns).where(campaigns.c.id == campaign_id)
    connection.execute(ended.values(state=CampaignState.CANCELLED.value, ended_us=now_us))
    return topics


def resume(connection: Connection, caller: Caller, campaign_id: int, now_us: int) -> tuple[str, ...]:
    """Asks anew for what was cancelled or invalid, for what failed for a reason that may have gone, and for
    what is of another version of the protocol than what would come now. Returns the topics to wake.

    Raises Refusal NOT_FOUND for what is absent or not the caller's own.
    """
    _state(connection, caller, campaign_id)
    invalid = measurements.c.valid.is_(False)
    failed = (jobs.c.state == "failed") & ~_failed_for_good()
    unmeasured = (
        select(requests.c.id)
        .join(specs, specs.c.id == requests.c.spec_id)
        .outerjoin(jobs, jobs.c.id == requests.c.job_id)
        .outerjoin(measurements, (measurements.c.job_id == jobs.c.id) & measurements.c.accepted)
        .where(
            requests.c.id.in_(_requests(connection, campaign_id)),
            requests.c.cancelled_us.is_not(None) | failed | (invalid & (jobs.c.state == "done")) | outdated(),
        )
    )
    ids = connection.execute(unmeasured).scalars().all()
    topics = cancel_all(connection, ids, now_us)  # nobody waits for what is still open of another version
    if ids:
        forgotten = update(campaign_items).where(campaign_items.c.request_id.in_(ids))
        connection.execute(forgotten.values(request_id=None))
    aims = update(campaign_targets).where(campaign_targets.c.campaign_id == campaign_id)
    connection.execute(aims.values(round=1, rounds_over=False))
    again = update(campaigns).where(campaigns.c.id == campaign_id)
    connection.execute(again.values(state=CampaignState.ACTIVE.value, ended_us=None))
    return topics


def _failed_for_good() -> ColumnElement[bool]:
    """The failure is JSON of a FailureDocument, whose kind comes first."""
    first, *others = (jobs.c.failure.startswith(f'{{"kind":"{kind}"') for kind in _FOR_GOOD)
    for other in others:
        first = first | other
    return first


def _state(connection: Connection, caller: Caller, campaign_id: int) -> CampaignState:
    mine = (
        select(campaigns.c.state)
        .join(projects, projects.c.id == campaigns.c.project_id)
        .where(campaigns.c.id == campaign_id, own_projects(caller))
        .with_for_update(of=campaigns)
    )
    state = connection.execute(mine).scalar()
    if state is None:
        raise unknown(campaign_id)
    return CampaignState(state)


def unknown(campaign_id: int) -> Refusal:
    return Refusal(ProblemType.NOT_FOUND, f"no campaign {campaign_id}, or not yours")


def _requests(connection: Connection, campaign_id: int) -> list[int]:
    asked = (
        select(campaign_items.c.request_id)
        .join(campaign_targets, campaign_targets.c.id == campaign_items.c.campaign_target_id)
        .where(campaign_targets.c.campaign_id == campaign_id, campaign_items.c.request_id.is_not(None))
    )
    return [int(id_) for id_ in connection.execute(asked).scalars()]
