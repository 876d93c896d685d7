"""What the database itself promises: one live attempt, one open job, plans that hold with a long queue."""

import re

import pytest
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from edgemeter_server.jobs import claims, renewing, reports
from edgemeter_server.jobs.attempts import _live
from edgemeter_server.jobs.holding import hold_session
from edgemeter_server.jobs.sweeping import late_jobs
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.measurements.tables import measurements

MANY = 3000


async def rows(services, table):
    read = select(table)
    return [
        dict(row)
        for row in await services.database.read(lambda connection: connection.execute(read).mappings().all())
    ]


async def refused(services, statement):
    with pytest.raises(IntegrityError):
        await services.database.write(lambda connection: connection.execute(statement).rowcount)


async def test_the_database_refuses_what_must_not_be(lab, services):
    agent = await lab.agent()
    await lab.requested(*map(lab.item, await lab.networks(1)))
    [lease] = await agent.claim()
    [job] = await rows(services, jobs)
    [attempt] = await rows(services, attempts)

    await refused(services, insert(jobs).values(job | {"id": 99}))
    await refused(services, insert(jobs).values(job | {"id": 99, "state": "pending"}))
    await refused(services, insert(attempts).values(attempt | {"id": 99, "number": 2}))
    await refused(services, insert(attempts).values(attempt | {"id": 99, "state": "expired"}))

    await agent.report((lease, lab.measured(lease)))
    [measurement] = await rows(services, measurements)
    twice = attempt | {"id": 99, "number": 2, "state": "superseded"}
    await services.database.write(
        lambda connection: connection.execute(insert(attempts).values(twice)).rowcount
    )
    await refused(services, insert(measurements).values(measurement | {"id": 99, "attempt_id": 99}))
    closed = insert(jobs).values(job | {"id": 99, "state": "done"})
    await services.database.write(lambda connection: connection.execute(closed).rowcount)


@pytest.fixture
async def backlog(lab, services):
    """Thousands of pending, ended and running jobs of two targets."""
    agent = await lab.agent(offered=("a", "b"))
    digests = await lab.networks(MANY)
    await lab.requested(*(lab.item(d, "a", priority=n % 7) for n, d in enumerate(digests)))
    await lab.requested(*(lab.item(d, "b", deadline_s=1000) for d in digests))
    await agent.claim(up_to=64)

    def age(connection):
        connection.execute(update(jobs).where(jobs.c.id % 3 == 0, claims.PENDING).values(state="done"))

    await services.database.write(age)
    if services.database.dialect == "postgresql":
        await services.database.write(lambda connection: connection.execute(text("ANALYZE")).rowcount)
    return agent


def plan_of(connection, statement, values):
    """Of the very SQL that is executed, with its parameters."""
    word = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    executed = []

    def note(_connection, _cursor, sql, parameters, _context, _many):
        executed.append((sql, parameters))

    with connection.begin_nested() as undone:
        event.listen(connection, "before_cursor_execute", note)
        connection.execute(statement, values)
        event.remove(connection, "before_cursor_execute", note)
        undone.rollback()
    [(sql, parameters)] = executed
    rows = connection.exec_driver_sql(f"{word} {sql}", parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


CLAIM = {"session_id": 1, "device_id": 1, "claim_id": bytes(16)}
TAKE = CLAIM | {"target": 1, "revision": 1, "most_tries": 0, "up_to": 16}


async def test_a_claim_reads_only_the_rows_that_it_takes_and_in_their_order(services, backlog, clock):
    values = TAKE | {"now_us": clock.now_us(None), "expires_us": 1}
    plan = await services.database.write(lambda connection: plan_of(connection, claims._BEGIN, values))
    assert "ix_jobs_pending" in plan
    for costly in ("Seq Scan on jobs", "SCAN jobs", "Sort", "TEMP B-TREE"):
        assert costly not in plan, plan


async def test_a_claim_never_collects_the_queue_to_sort_it(services, backlog, clock):
    """PostgreSQL does with a queue of hundreds of thousands that is younger than its statistics."""
    if services.database.dialect == "sqlite":
        pytest.skip("SQLite knows one way only")

    def bitmaps_after_looking(connection):
        hold_session(connection, 1, 1)
        return connection.execute(text("SHOW enable_bitmapscan")).scalar_one()

    assert await services.database.write(bitmaps_after_looking) == "off"
    again = await services.database.write(lambda c: c.execute(text("SHOW enable_bitmapscan")).scalar_one())
    assert again == "on"


async def test_the_other_statements_go_by_their_partial_indexes(services, backlog, clock):
    now_us = clock.now_us(None)
    claim = CLAIM | {"now_us": now_us}
    statements = (
        ("ix_jobs_pending", claims._HEAD, claim),
        ("ix_attempts_live_session_id", claims._RUN, claim),
        ("ix_jobs_deadline", late_jobs(now_us), {}),
        ("ix_attempts_live_session_id", claims._LEASES, claim),
        ("ix_attempts_live_expires_us", _live(attempts.c.expires_us <= now_us - 1), {}),
        ("uq_measurements_accepted_job_id", reports._STORED, {"ids": [1], "job_ids": [1]}),
        ("uq_measurements_other_attempt_id", reports._STORED, {"ids": [1], "job_ids": [1]}),
    )

    ids, now = {"ids": [1, 2]}, {"now_us": now_us}
    by_key = (
        (reports._FIND, ids | {"device_id": 1}),
        (reports._FINISH_ATTEMPTS, ids | now),
        (reports._FINISH_JOBS, ids | now),
        (renewing._MINE, ids | {"session_id": 1}),
        (renewing._EXTEND, ids | now | {"until_us": now_us}),
    )

    def plans(connection):
        if connection.dialect.name == "postgresql":
            # There are few live attempts, and small tables are read whole.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        by_index = [(index, plan_of(connection, *statement)) for index, *statement in statements]
        return by_index, [plan_of(connection, *each) for each in by_key]

    by_index, by_key_too = await services.database.write(plans)
    for index, plan in by_index:
        assert index in plan, plan
    for plan in by_key_too:
        assert not re.search(r"(SCAN|Seq Scan on) (attempts|jobs)\b", plan), plan
