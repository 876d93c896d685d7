"""Submitting: many requests at once, all of them or none, durable before they are told of."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from edgemeter.wire.problems import ProblemType
from edgemeter.wire.requests import NewRequests, RequestItem
from edgemeter_server import faults
from edgemeter_server.access.projects import project_id
from edgemeter_server.access.tables import projects
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs import idempotency
from edgemeter_server.jobs.idempotency import Batch, Repeatable
from edgemeter_server.jobs.lookups import JobKey, answers, found
from edgemeter_server.jobs.open_jobs import count_open, demands, join_or_create
from edgemeter_server.jobs.specs import ReadySpec, intern, ready_specs
from edgemeter_server.jobs.tables import requests
from edgemeter_server.jobs.topics import target_topic
from edgemeter_server.recipes import repository as recipes
from edgemeter_server.recipes.checking import check_recipes
from edgemeter_server.services import Services


@dataclass(frozen=True, slots=True)
class Submitted:
    """`topics` are to be woken after the commit."""

    batch: Batch
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose requests they are, when, and how many jobs the project may have open."""

    project_id: int
    token_id: int
    now_us: int
    most_open_jobs: int


async def submit(services: Services, caller: Caller, message: NewRequests, key: str | None) -> Batch:
    """With a `key`, the same message again is told what became of the first; another one is refused."""
    specs = ready_specs(message.items)
    if any(item.recipe is not None for item in message.items):
        await asyncio.to_thread(check_recipes, message.items)
    repeatable = None if key is None else Repeatable(caller.token_id, key, _digest(message))

    def work(connection: Connection) -> Submitted:
        submitted = _submit(services, connection, caller, message, specs, repeatable)
        faults.point("request.written")
        return submitted

    faults.point("request.begin")
    submitted = await services.database.write(work)
    faults.point("request.committed")
    await services.wakeups.publish(submitted.topics)
    return submitted.batch


def _submit(
    services: Services,
    connection: Connection,
    caller: Caller,
    message: NewRequests,
    specs: Sequence[ReadySpec],
    repeatable: Repeatable | None,
) -> Submitted:
    project = project_id(connection, caller, message.project, writing=True)
    lock_project(connection, project)
    now_us = services.clock.now_us(connection)
    if repeatable is not None:
        kept_since_us = now_us - round(services.settings.keep_idempotency_s * 1e6)
        before = idempotency.find(connection, repeatable, project, kept_since_us)
        if before is not None:
            return Submitted(before)
    asker = Asker(project, caller.token_id, now_us, services.settings.open_jobs_per_project)
    submitted = place(connection, asker, message.items, specs)
    if repeatable is not None:
        idempotency.store(connection, repeatable, submitted.batch, now_us)
    return submitted


def place(
    connection: Connection, asker: Asker, items: Sequence[RequestItem], specs: Sequence[ReadySpec]
) -> Submitted:
    """Requests for all of `items`, with their jobs. The project is locked. Raises Refusal."""
    project, now_us = asker.project_id, asker.now_us
    recipes.store(connection, project, [item.recipe for item in items if item.recipe is not None], now_us)
    keyed = list(zip(_keys(connection, project, items, specs), items, strict=True))
    stored = answers(connection, {key for key, item in keyed if not item.fresh})
    open_ones = [(key, item) for key, item in keyed if item.fresh or key not in stored]
    job_ids = join_or_create(connection, project, demands(open_ones, now_us), now_us)
    if job_ids and count_open(connection, project) > asker.most_open_jobs:
        raise Refusal(ProblemType.QUOTA, "the project has too many open jobs; wait for some, or cancel some")
    owner = {"project_id": project, "token_id": asker.token_id, "created_us": now_us}
    rows = [owner | _row(key, item, job_ids, stored) for key, item in keyed]
    batch = Batch(project, _insert(connection, project, rows), len(rows))
    woken = sorted({target_topic(key.target_id) for key in job_ids})
    return Submitted(batch, tuple(woken))


def lock_project(connection: Connection, project: int) -> None:
    """One submission of a project at a time: its quota is exact, and nothing comes between a batch's ids."""
    row = select(projects.c.id).where(projects.c.id == project)
    connection.execute(row.with_for_update(key_share=True))


def _keys(
    connection: Connection, project: int, items: Sequence[RequestItem], specs: Sequence[ReadySpec]
) -> list[JobKey]:
    rows = found(connection, project, items)
    spec_ids = intern(connection, {spec.digest: spec for spec in specs})
    return [JobKey(*row, spec_ids[spec.digest]) for row, spec in zip(rows, specs, strict=True)]


def _row(
    key: JobKey, item: RequestItem, job_ids: Mapping[JobKey, int], stored: Mapping[JobKey, int]
) -> dict[str, object]:
    measured = None if item.fresh else stored.get(key)
    return {
        **key._asdict(),
        "job_id": job_ids[key] if measured is None else None,
        "measurement_id": measured,
        "label": item.label,
    }


def _insert(connection: Connection, project: int, rows: Sequence[Mapping[str, object]]) -> int:
    """Returns the first id: those of one project are given in order while it is locked."""
    connection.execute(insert(requests), rows)
    newest = select(requests.c.id).where(requests.c.project_id == project).order_by(requests.c.id.desc())
    mine = newest.limit(len(rows)).subquery()
    return int(connection.execute(select(func.min(mine.c.id))).scalar_one())


def _digest(message: NewRequests) -> bytes:
    return hashlib.sha256(message.model_dump_json().encode()).digest()
