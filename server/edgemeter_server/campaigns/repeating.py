"""A campaign's further rounds: what other work disturbed is measured anew, in the same order."""

from sqlalchemy import Connection, select, update

from edgemeter.measurement import Validity
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.tables import campaign_items, campaign_targets
from edgemeter_server.jobs.tables import jobs, requests
from edgemeter_server.measurements.codec import read_detail
from edgemeter_server.measurements.tables import measurements


def begin_round(connection: Connection, campaign_target_id: int) -> int:
    """Forgets the requests whose answers were disturbed. Returns how many; none: the rounds are over."""
    positions = _disturbed(connection, campaign_target_id)
    aim = update(campaign_targets).where(campaign_targets.c.id == campaign_target_id)
    if not positions:
        connection.execute(aim.values(rounds_over=True))
        return 0
    items = update(campaign_items).where(
        campaign_items.c.campaign_target_id == campaign_target_id,
        campaign_items.c.position.in_(positions),
    )
    connection.execute(items.values(request_id=None))
    connection.execute(aim.values(round=campaign_targets.c.round + 1))
    return len(positions)


def _disturbed(connection: Connection, campaign_target_id: int) -> list[int]:
    invalid = (
        select(campaign_items.c.position, measurements.c.detail, artifacts.c.sha256)
        .join(requests, requests.c.id == campaign_items.c.request_id)
        .join(jobs, jobs.c.id == requests.c.job_id)
        .join(measurements, (measurements.c.job_id == jobs.c.id) & measurements.c.accepted)
        .join(artifacts, artifacts.c.id == campaign_items.c.artifact_id)
        .where(
            campaign_items.c.campaign_target_id == campaign_target_id,
            jobs.c.state == "done",
            measurements.c.valid.is_(False),
        )
    )
    return [
        row.position
        for row in connection.execute(invalid)
        if Validity.model_validate(read_detail(row.detail, row.sha256)["validity"]).disturbed
    ]
