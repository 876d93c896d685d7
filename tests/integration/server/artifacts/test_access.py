"""Who sees a file: those whose project handed in all of its bytes, and agents while they need it."""

import pytest
from sqlalchemy import select

from edgemeter.wire.access import Role
from edgemeter_server.artifacts.repository import visible_to
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.http.caller import Caller
from edgemeter_server.jobs.tables import attempts, jobs


async def test_knowing_a_digest_gives_nothing(
    client_of, private_project, upload, network, address_of, submitter
):
    """Another project's file is not there, until all of its bytes were handed in."""
    stranger = await client_of(Role.SUBMITTER, private_project)
    assert (await upload(stranger, network, project=private_project, name="secret")).status_code == 201

    for method, suffix in (("GET", ""), ("GET", "/content"), ("HEAD", "/content"), ("DELETE", "")):
        hidden = await submitter.request(method, address_of(network, suffix))
        absent = await submitter.request(method, address_of(b"absent", suffix))
        assert hidden.status_code == absent.status_code == 404
    assert (await submitter.get("/v1/artifacts")).json()["items"] == []

    own = await upload(submitter, network)
    assert own.status_code == 201
    assert "secret" not in own.text
    assert (await submitter.get(address_of(network, "/content"))).content == network


async def test_public_projects_are_seen_by_all_and_private_ones_by_admins(
    client_of, private_project, upload, network, another, address_of, submitter, admin
):
    stranger = await client_of(Role.VIEWER, private_project)
    await upload(submitter, network)
    await upload(admin, another(1), project=private_project)

    assert (await stranger.get(address_of(network, "/content"))).status_code == 200
    assert (await admin.get(address_of(another(1), "/content"))).status_code == 200
    assert (await stranger.get(address_of(another(1), "/content"))).status_code == 200
    assert (await submitter.get(address_of(another(1), "/content"))).status_code == 404


async def test_an_agent_sees_the_files_of_attempts_that_it_holds(
    client_of, lab, submitter, upload, network, address_of
):
    sha256 = (await upload(submitter, network)).json()["sha256"]
    url = address_of(network, "/content")
    agent = await client_of(Role.AGENT, device="device")
    other = await client_of(Role.AGENT, device="other")
    assert (await agent.get(url)).status_code == 404

    job = await lab.job(sha256)
    assert (await agent.get(url)).status_code == 404
    attempt = await lab.hold(job)

    assert (await agent.get(url)).content == network
    assert (await other.get(url)).status_code == 404
    for forbidden in ("/v1/artifacts", url.removesuffix("/content")):
        assert (await agent.get(forbidden)).status_code == 403

    await lab.set(attempts, attempt, state="reported")
    assert (await agent.get(url)).status_code == 404
    await lab.set(attempts, attempt, state="live")
    await lab.set(jobs, job, state="done")
    assert (await agent.get(url)).status_code == 404


async def test_an_agent_is_not_told_what_a_private_project_calls_its_files(
    client_of, lab, private_project, upload, network, address_of
):
    stranger = await client_of(Role.SUBMITTER, private_project)
    document = (await upload(stranger, network, project=private_project, name="secret")).json()
    await lab.hold(await lab.job(document["sha256"], requested=False))
    agent = await client_of(Role.AGENT, device="device")

    reply = await agent.get(address_of(network, "/content"))

    assert reply.content == network
    assert document["sha256"][:12] in reply.headers["content-disposition"]
    assert "secret" not in str(reply.headers)


@pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)
async def test_an_agents_look_up_goes_by_indexes(database):
    """It is made for every file that an agent fetches, beside a million jobs."""
    caller = Caller(1, "agent", Role.AGENT, None, 7)
    rows = select(artifacts.c.id).where(artifacts.c.sha256 == bytes(32), visible_to(caller))

    def plan(connection):
        compiled = rows.compile(connection)
        text = f"EXPLAIN QUERY PLAN {compiled}"
        return [row[-1] for row in connection.exec_driver_sql(text, tuple(compiled.params.values()))]

    steps = " ".join(await database.read(plan))
    assert "SCAN" not in steps.replace("SCALAR SUBQUERY", "")
    for index in ("uq_jobs_open", "uq_attempts_live_job_id"):
        assert index in steps
