"""What drives campaigns: targets that appear are planned, and requests are made as earlier ones end.

All of it is in the database: any server may do the next step, and a campaign goes on after a restart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from edgemeter.spaces.registry import UnknownSpaceError
from edgemeter.spaces.space import CodeError
from edgemeter.targets import target_of
from edgemeter.wire.campaigns import CampaignPlan, CampaignState, Purpose
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.recipes import FileKind
from edgemeter.wire.requests import RequestItem
from edgemeter.wire.specs import JobSpec
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.choosing import Choices, choices
from edgemeter_server.campaigns.costs import claims, device_s
from edgemeter_server.campaigns.planning import planned_items
from edgemeter_server.campaigns.repeating import begin_round
from edgemeter_server.campaigns.spaces import planned_space
from edgemeter_server.campaigns.tables import campaign_items, campaign_targets, campaigns
from edgemeter_server.devices.tables import targets
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.specs import ready_specs
from edgemeter_server.jobs.submitting import Asker, lock_project, place
from edgemeter_server.jobs.tables import jobs, requests
from edgemeter_server.recipes import repository as recipes
from edgemeter_server.services import Services

#: Requests of one target that are open at once; with a budget, as many as one agent takes in two turns.
MOST_OPEN: Final = 4096
MOST_OPEN_IN_BUDGET: Final = 128
#: Jobs are claimed in the order of their making, and within such a chunk in that of their networks.
_CHUNK: Final = 64
REPEAT_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One look at one campaign, in one unit of work. `choices` are of an active campaign."""

    connection: Connection
    campaign: Row[Any]
    plan: CampaignPlan
    now_us: int
    most_open_jobs: int
    choices: Choices


async def advance_all(services: Services) -> None:
    """Called every few seconds, by every server process."""
    active = select(campaigns.c.id).where(campaigns.c.state == CampaignState.ACTIVE.value)
    ids = await services.database.read(lambda connection: connection.execute(active).scalars().all())
    for campaign_id in ids:
        await advance(services, campaign_id)


async def advance(services: Services, campaign_id: int) -> None:
    chosen = await choices(services, campaign_id)
    topics = await services.database.write(
        lambda connection: _advance(
            connection, services, campaign_id, services.clock.now_us(connection), chosen
        )
    )
    await services.wakeups.publish(topics)


def _advance(
    connection: Connection, services: Services, campaign_id: int, now_us: int, chosen: Choices
) -> tuple[str, ...]:
    """Does what is due of an active campaign. Returns the topics to wake."""
    mine = select(campaigns).where(campaigns.c.id == campaign_id).with_for_update()
    campaign = connection.execute(mine).one()
    if campaign.state != CampaignState.ACTIVE:
        return ()
    plan = CampaignPlan.model_validate_json(campaign.plan)
    step = Step(connection, campaign, plan, now_us, services.settings.open_jobs_per_project, chosen)
    lock_project(connection, campaign.project_id)
    woken: list[str] = []
    done = True
    rows = select(campaign_targets).where(campaign_targets.c.campaign_id == campaign_id)
    for row in connection.execute(rows.order_by(campaign_targets.c.id)).all():
        target_id = row.target_id or _planned(step, row)
        if target_id is None:
            done = False
            continue
        topics, ended = _requested(step, row)
        woken += topics
        done = done and ended
    if done:
        ended_row = update(campaigns).where(campaigns.c.id == campaign_id)
        connection.execute(ended_row.values(state=CampaignState.DONE.value, ended_us=now_us))
    return tuple(woken)


def _planned(step: Step, row: Row[Any]) -> int | None:
    """The target's id, once a device has offered it: then its networks are planned. None: still nobody."""
    known = select(targets.c.id, targets.c.formats).where(targets.c.slug == row.slug)
    found = step.connection.execute(known).one_or_none()
    target = target_of(row.slug)
    if found is None or target is None:
        return None
    if step.plan.active and row.slug not in step.choices:
        return None  # it came in between: the next look chooses first
    try:
        space = planned_space(step.plan)
    # It was uninstalled meanwhile, or is of another version: the campaign waits for it.
    except (UnknownSpaceError, CodeError):
        return None
    kind = FileKind.of(target, found.formats.split(","))
    items = planned_items(space, step.plan, kind, step.choices.get(row.slug, ()))
    ids = recipes.store(
        step.connection, step.campaign.project_id, [item.recipe for item in items], step.now_us
    )
    rows = [
        {
            "campaign_target_id": row.id,
            "position": position,
            "purpose": item.purpose.value,
            "artifact_id": ids[item.recipe],
        }
        for position, item in enumerate(items)
    ]
    if rows:
        step.connection.execute(insert(campaign_items), rows)
    own = update(campaign_targets).where(campaign_targets.c.id == row.id)
    step.connection.execute(own.values(target_id=found.id))
    return int(found.id)


def _requested(step: Step, aim: Row[Any]) -> tuple[Sequence[str], bool]:
    """Makes the next requests of a campaign's target. Returns the topics to wake, and whether all is
    requested and has ended.
    """
    unasked, open_ = _counts(step.connection, aim.id)
    spent = step.plan.budget_s is not None and (
        device_s(claims(step.connection, aim.id, step.now_us)) >= step.plan.budget_s
    )
    if not (unasked or open_ or spent or aim.rounds_over) and aim.round < step.plan.rounds:
        unasked = begin_round(step.connection, aim.id)
    most = MOST_OPEN if step.plan.budget_s is None else MOST_OPEN_IN_BUDGET
    room = 0 if spent else most - open_
    if not unasked or room < min(_CHUNK, unasked):
        return (), open_ == 0 and (spent or not unasked)
    topics: list[str] = []
    for rows in _chunks(step.connection, aim.id, min(room, unasked)):
        try:
            with step.connection.begin_nested():
                topics += _ask(step, aim, rows)
        except Refusal as refusal:
            if refusal.kind is not ProblemType.QUOTA:
                raise
            break  # when others of the project have ended there is room again
    return topics, False


def _ask(step: Step, aim: Row[Any], rows: Sequence[Row[Any]]) -> Sequence[str]:
    items = [_item(step.plan, aim.slug, row) for row in rows]
    asker = Asker(step.campaign.project_id, step.campaign.token_id, step.now_us, step.most_open_jobs)
    submitted = place(step.connection, asker, items, ready_specs(items))
    made = (
        select(requests.c.id)
        .where(requests.c.project_id == asker.project_id, requests.c.id >= submitted.batch.first_id)
        .order_by(requests.c.id)
        .limit(submitted.batch.count)
    )
    values = [
        {"target": aim.id, "at": row.position, "request": id_}
        for row, id_ in zip(rows, step.connection.execute(made).scalars(), strict=True)
    ]
    step.connection.execute(_NOTE_REQUEST, values)
    return submitted.topics


def _item(plan: CampaignPlan, slug: str, row: Row[Any]) -> RequestItem:
    repeat = row.purpose == Purpose.REPEAT
    spec = JobSpec(
        protocol=plan.protocol,
        # Another seed is another job: what is stored or under way does not answer it.
        seed=REPEAT_SEED if repeat else 0,
        layers=plan.layers and row.purpose in (Purpose.TRAIN, Purpose.TEST),
    )
    return RequestItem(
        artifact=row.sha256.hex(), target=slug, spec=spec, fresh=plan.fresh or repeat, priority=plan.priority
    )


def _counts(connection: Connection, campaign_target_id: int) -> tuple[int, int]:
    """Items without a request, and items whose request is open."""
    mine = campaign_items.c.campaign_target_id == campaign_target_id
    unasked = select(func.count()).where(mine, campaign_items.c.request_id.is_(None))
    open_ = (
        select(func.count())
        .select_from(campaign_items)
        .join(requests, requests.c.id == campaign_items.c.request_id)
        .join(jobs, jobs.c.id == requests.c.job_id)
        .where(mine, requests.c.cancelled_us.is_(None), jobs.c.state.in_(("pending", "running")))
    )
    return connection.execute(unasked).scalar_one(), connection.execute(open_).scalar_one()


def _chunks(connection: Connection, campaign_target_id: int, count: int) -> Sequence[Sequence[Row[Any]]]:
    unasked: Select[Any] = (
        select(campaign_items.c.position, campaign_items.c.purpose, artifacts.c.sha256)
        .join(artifacts, artifacts.c.id == campaign_items.c.artifact_id)
        .where(
            campaign_items.c.campaign_target_id == campaign_target_id, campaign_items.c.request_id.is_(None)
        )
        .order_by(campaign_items.c.position)
        .limit(count)
    )
    rows = connection.execute(unasked).all()
    return [rows[at : at + _CHUNK] for at in range(0, len(rows), _CHUNK)]


_NOTE_REQUEST = (
    update(campaign_items)
    .where(
        campaign_items.c.campaign_target_id == bindparam("target"),
        campaign_items.c.position == bindparam("at"),
    )
    .values(request_id=bindparam("request"))
)
