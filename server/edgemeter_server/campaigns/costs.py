"""What a campaign has cost: the time that devices spent on its jobs, and what is left at that rate."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from edgemeter.wire.campaigns import Purpose
from edgemeter_server.campaigns.tables import campaign_items
from edgemeter_server.jobs.tables import attempts, requests

#: What takes alike, a whole network many times what an operator does. A repeat may be of either.
_ALIKE: Final = {
    Purpose.OPERATOR: frozenset({Purpose.OPERATOR}),
    Purpose.TRAIN: frozenset({Purpose.TRAIN, Purpose.TEST}),
    Purpose.TEST: frozenset({Purpose.TRAIN, Purpose.TEST}),
    Purpose.REPEAT: frozenset(Purpose),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """Jobs that were measured together: their time counts once. `ended`: all of them have."""

    device_s: float
    jobs: Mapping[Purpose, int]
    ended: bool


def claims(connection: Connection, campaign_target_id: int, now_us: int) -> list[Claim]:
    parts: defaultdict[tuple[int, bytes], list[Any]] = defaultdict(list)
    for row in connection.execute(_PARTS, {"campaign_target": campaign_target_id}):
        parts[row.session_id, row.claim_id].append(row)
    return [_claim(rows, now_us) for rows in parts.values()]


def _claim(rows: Sequence[Any], now_us: int) -> Claim:
    jobs = {Purpose(row.purpose): int(row.jobs) for row in rows}
    ended = sum(row.ended for row in rows) == sum(jobs.values())
    to_us = max(row.to_us for row in rows) if ended else now_us
    return Claim((to_us - min(row.from_us for row in rows)) / 1e6, jobs, ended)


def device_s(of: Iterable[Claim]) -> float:
    return sum(claim.device_s for claim in of)


def remaining_s(of: Sequence[Claim], left: Mapping[Purpose, int]) -> float | None:
    """Of so many networks that are left. None where nothing that takes alike has been measured."""
    total_s = 0.0
    for purpose, count in left.items():
        if count:
            each_s = _each_s(of, _ALIKE[purpose])
            if each_s is None:
                return None
            total_s += count * each_s
    return total_s


def _each_s(of: Sequence[Claim], purposes: frozenset[Purpose]) -> float | None:
    """Of one network; within a claim all take the same, since nothing tells them apart."""
    spent_s, networks = 0.0, 0
    for claim in of:
        alike = sum(count for purpose, count in claim.jobs.items() if purpose in purposes)
        if claim.ended and alike:
            spent_s += claim.device_s * alike / sum(claim.jobs.values())
            networks += alike
    return spent_s / networks if networks else None


# A row for each purpose within a claim.
_PARTS = (
    select(
        attempts.c.session_id,
        attempts.c.claim_id,
        campaign_items.c.purpose,
        func.min(attempts.c.started_us).label("from_us"),
        func.max(attempts.c.ended_us).label("to_us"),
        func.count().label("jobs"),
        func.count(attempts.c.ended_us).label("ended"),
    )
    .select_from(campaign_items)
    .join(requests, requests.c.id == campaign_items.c.request_id)
    .join(attempts, attempts.c.job_id == requests.c.job_id)
    .where(campaign_items.c.campaign_target_id == bindparam("campaign_target"))
    .group_by(attempts.c.session_id, attempts.c.claim_id, campaign_items.c.purpose)
)
