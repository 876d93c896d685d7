"""How far a campaign is on each of its targets: counts, costs, what is left, how well it repeats."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, case, func, literal, select

from edgemeter.measurement import FailureDocument
from edgemeter.wire.campaigns import CampaignTarget, Purpose, PurposeCounts, Unsupported
from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.campaigns.costs import claims, device_s, remaining_s
from edgemeter_server.campaigns.tables import campaign_items, campaign_targets
from edgemeter_server.campaigns.versions import outdated
from edgemeter_server.devices.documents import Moment
from edgemeter_server.devices.target_rows import available_targets
from edgemeter_server.jobs.tables import jobs, requests, specs
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.recipes.tables import recipes

_MOST_UNSUPPORTED: Final = 1000


def answered() -> Select[Any]:
    """Items with their requests, jobs and the measurement that answers: conditions and columns may come."""
    answer = func.coalesce(requests.c.measurement_id, literal(-1)) == measurements.c.id
    decided = and_(measurements.c.job_id == requests.c.job_id, measurements.c.accepted)
    return (
        select(campaign_items.c.position, campaign_items.c.purpose)
        .outerjoin(requests, requests.c.id == campaign_items.c.request_id)
        .outerjoin(jobs, jobs.c.id == requests.c.job_id)
        .outerjoin(measurements, case((requests.c.measurement_id.is_not(None), answer), else_=decided))
    )


#: What became of an item: a field of PurposeCounts.
STATE = case(
    (campaign_items.c.request_id.is_(None), "planned"),
    (requests.c.cancelled_us.is_not(None), "cancelled"),
    (requests.c.measurement_id.is_not(None), "stored"),
    (jobs.c.state == "done", "measured"),
    (jobs.c.state == "pending", "waiting"),
    else_=jobs.c.state,
)


def target_documents(
    connection: Connection, campaign_ids: Sequence[int], moment: Moment
) -> dict[int, list[CampaignTarget]]:
    """By campaign."""
    aims = select(campaign_targets).where(campaign_targets.c.campaign_id.in_(campaign_ids))
    rows = connection.execute(aims.order_by(campaign_targets.c.id)).all()
    available = available_targets(connection, [row.target_id for row in rows if row.target_id], moment)
    found: defaultdict[int, list[CampaignTarget]] = defaultdict(list)
    for row in rows:
        found[row.campaign_id].append(_document(connection, row, available, moment))
    return found


def _document(
    connection: Connection, row: Row[Any], available: frozenset[int], moment: Moment
) -> CampaignTarget:
    counts = _counts(connection, row.id)
    spent = claims(connection, row.id, moment.now_us)
    error, repeated = _retest(connection, row.id)
    left = {
        purpose: each.planned - each.measured - each.stored - each.failed - each.cancelled
        for purpose, each in counts.items()
    }
    return CampaignTarget(
        target=row.slug,
        contexts=row.contexts,
        round=row.round,
        counts=counts,
        unsupported=_unsupported(connection, row.id),
        device_s=device_s(spent),
        remaining_s=remaining_s(spent, left) if counts else None,
        retest_error=error,
        repeated=repeated,
        waits_for=_waits_for(row, available, sum(left.values())),
    )


def _counts(connection: Connection, campaign_target_id: int) -> dict[Purpose, PurposeCounts]:
    mine = campaign_items.c.campaign_target_id == campaign_target_id
    joined = answered().outerjoin(specs, specs.c.id == requests.c.spec_id).where(mine)
    grouped = joined.with_only_columns(
        campaign_items.c.purpose,
        STATE.label("state"),
        func.count(),
        func.sum(case((measurements.c.valid.is_(False), 1), else_=0)),
        func.sum(case((outdated(), 1), else_=0)),
    ).group_by(campaign_items.c.purpose, STATE)
    numbers: defaultdict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for purpose, state, count, invalid, old in connection.execute(grouped):
        of = numbers[purpose]
        of["planned"] += count
        of["outdated"] += old
        if state != "planned":
            of[state] += count
        if state in ("measured", "stored"):
            of["invalid"] += invalid
    return {Purpose(purpose): PurposeCounts(**of) for purpose, of in sorted(numbers.items())}


def _unsupported(connection: Connection, campaign_target_id: int) -> tuple[Unsupported, ...]:
    failed = (
        select(recipes.c.kind, recipes.c.text, jobs.c.failure)
        .select_from(campaign_items)
        .join(requests, requests.c.id == campaign_items.c.request_id)
        .join(jobs, jobs.c.id == requests.c.job_id)
        .join(recipes, recipes.c.artifact_id == campaign_items.c.artifact_id)
        .where(campaign_items.c.campaign_target_id == campaign_target_id, jobs.c.state == "failed")
        .order_by(campaign_items.c.position)
        .limit(_MOST_UNSUPPORTED)
    )
    return tuple(
        Unsupported(kind=RecipeKind(kind), text=text, failure_kind=failure.kind, message=failure.message)
        for kind, text, failure in (
            (row.kind, row.text, FailureDocument.model_validate_json(row.failure))
            for row in connection.execute(failed)
            if row.failure is not None
        )
    )


def _retest(connection: Connection, campaign_target_id: int) -> tuple[float | None, int]:
    """The mean of |a - b| / ((a + b) / 2) over networks that were measured twice, and how many they are."""
    valid = (
        answered()
        .with_only_columns(campaign_items.c.artifact_id, campaign_items.c.purpose, measurements.c.latency_ms)
        .where(campaign_items.c.campaign_target_id == campaign_target_id, measurements.c.valid)
    )
    first: dict[int, float] = {}
    again: dict[int, float] = {}
    for artifact_id, purpose, latency_ms in connection.execute(valid):
        (again if purpose == Purpose.REPEAT else first)[artifact_id] = latency_ms
    return mean_difference(first, again)


def mean_difference(first: Mapping[Any, float], again: Mapping[Any, float]) -> tuple[float | None, int]:
    """Over what both know; None where that is nothing."""
    pairs = [(first[key], again[key]) for key in again if key in first]
    if not pairs:
        return None, 0
    return sum(abs(one - two) / ((one + two) / 2) for one, two in pairs) / len(pairs), len(pairs)


def _waits_for(row: Row[Any], available: frozenset[int], left: int) -> str | None:
    if row.target_id is None:
        return "no device has offered this target yet"
    if left and row.target_id not in available:
        return "no device that may measure offers this target now"
    return None
