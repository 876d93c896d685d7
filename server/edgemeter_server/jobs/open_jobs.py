"""The jobs that requests need: joined where an identical one is open, else created."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, select, text

from edgemeter.wire.requests import JobState, RequestItem
from edgemeter_server.jobs.batches import insert_into
from edgemeter_server.jobs.lookups import JobKey
from edgemeter_server.jobs.tables import jobs

_OPEN = text("state IN ('pending', 'running')")


@dataclass(frozen=True, slots=True)
class Demand:
    """What all requests for one job want together: the highest priority, the latest deadline."""

    wanted: int
    priority: int
    deadline_us: int | None  #: None: as late as it takes

    def __add__(self, other: "Demand") -> "Demand":
        deadlines = (self.deadline_us, other.deadline_us)
        latest = max((us for us in deadlines if us is not None), default=None)
        return Demand(
            self.wanted + other.wanted,
            max(self.priority, other.priority),
            None if None in deadlines else latest,
        )


def demands(keyed: Sequence[tuple[JobKey, RequestItem]], now_us: int) -> dict[JobKey, Demand]:
    wanted: dict[JobKey, Demand] = {}
    for key, item in keyed:
        deadline_us = None if item.deadline_s is None else now_us + round(item.deadline_s * 1e6)
        demand = Demand(1, item.priority, deadline_us)
        wanted[key] = wanted[key] + demand if key in wanted else demand
    return wanted


def join_or_create(
    connection: Connection, project_id: int, wanted: Mapping[JobKey, Demand], now_us: int
) -> dict[JobKey, int]:
    """The ids of the open jobs. In the order of the keys: two servers must not lock each other out."""
    if not wanted:
        return {}
    new = insert_into(connection, jobs)
    joined = new.on_conflict_do_update(
        index_elements=["artifact_id", "target_id", "spec_id"],
        index_where=_OPEN,
        set_={
            "wanted": jobs.c.wanted + new.excluded.wanted,
            "priority": _greater(jobs.c.priority, new.excluded.priority),
            # NULL is no deadline, and the latest of all: a comparison with it is never true.
            "deadline_us": case(
                (jobs.c.deadline_us >= new.excluded.deadline_us, jobs.c.deadline_us),
                (jobs.c.deadline_us < new.excluded.deadline_us, new.excluded.deadline_us),
            ),
        },
    ).returning(jobs.c.artifact_id, jobs.c.target_id, jobs.c.spec_id, jobs.c.id)
    rows = connection.execute(joined, [_row(project_id, key, wanted[key], now_us) for key in sorted(wanted)])
    return {JobKey(*key): id_ for *key, id_ in rows}


def count_open(connection: Connection, project_id: int) -> int:
    """Of the jobs that the project's quota counts."""
    mine = select(func.count()).select_from(jobs).where(jobs.c.project_id == project_id, _OPEN)
    return int(connection.execute(mine).scalar_one())


def _row(project_id: int, key: JobKey, demand: Demand, now_us: int) -> dict[str, object]:
    return {
        "project_id": project_id,
        **key._asdict(),
        "state": JobState.PENDING,
        "priority": demand.priority,
        "wanted": demand.wanted,
        "attempts": 0,
        "tries": 0,
        "not_before_us": now_us,
        "deadline_us": demand.deadline_us,
        "created_us": now_us,
    }


def _greater(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((one >= other, one), else_=other)
