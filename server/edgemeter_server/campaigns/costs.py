"""What a campaign has cost: the time that devices spent on its jobs."""

from sqlalchemy import Connection, func, select

from edgemeter_server.campaigns.tables import campaign_items
from edgemeter_server.jobs.tables import attempts, requests


def device_s(connection: Connection, campaign_target_id: int, now_us: int) -> float:
    """Seconds. Jobs of one claim are measured together: their time counts once."""
    claims = (
        select(
            func.min(attempts.c.started_us).label("from_us"),
            func.max(func.coalesce(attempts.c.ended_us, now_us)).label("to_us"),
        )
        .select_from(campaign_items)
        .join(requests, requests.c.id == campaign_items.c.request_id)
        .join(attempts, attempts.c.job_id == requests.c.job_id)
        .where(campaign_items.c.campaign_target_id == campaign_target_id)
        .group_by(attempts.c.session_id, attempts.c.claim_id)
        .subquery()
    )
    total_us = connection.execute(select(func.sum(claims.c.to_us - claims.c.from_us))).scalar()
    return float(total_us or 0) / 1e6
