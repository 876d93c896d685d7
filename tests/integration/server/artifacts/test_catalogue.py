"""Lists, documents, and what becomes of a file that its project gives up."""

import pytest
from sqlalchemy import select

from edgemeter.wire.access import Role
from edgemeter_server.artifacts.repository import artifact_id, references, visible_to
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.tables import jobs, requests


@pytest.fixture
def listing(submitter):
    async def names(client=submitter, **params):
        found, cursor = [], None
        while True:
            page = (await client.get("/v1/artifacts", params={**params, **cursor_of(cursor)})).json()
            found += [item["name"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    return names


def cursor_of(cursor):
    return {} if cursor is None else {"cursor": cursor}


async def test_lists_are_newest_first_in_pages(submitter, upload, another, listing):
    for number in range(5):
        await upload(submitter, another(number), name=str(number))

    for limit in (1, 2, 5, 100):
        assert await listing(limit=limit) == ["4", "3", "2", "1", "0"]


async def test_a_list_is_not_disturbed_by_what_comes_later(
    submitter, client_of, private_project, upload, another, listing
):
    """Also not by a file that is old to the server and new to the project."""
    stranger = await client_of(Role.SUBMITTER, private_project)
    await upload(stranger, another(0), project=private_project)
    for number in (1, 2, 3):
        await upload(submitter, another(number), name=str(number))
    first = (await submitter.get("/v1/artifacts", params={"limit": 2})).json()

    await upload(submitter, another(0), name="late")
    second = (
        await submitter.get("/v1/artifacts", params={"limit": 2, "cursor": first["next_cursor"]})
    ).json()

    assert [item["name"] for item in (*first["items"], *second["items"])] == ["3", "2", "1"]
    assert await listing() == ["late", "3", "2", "1"]


async def test_a_list_shows_what_its_reader_may_see(
    submitter, client_of, admin, private_project, upload, another, listing
):
    stranger = await client_of(Role.SUBMITTER, private_project)
    await upload(stranger, another(0), project=private_project, name="private")
    await upload(submitter, another(1), name="public")

    assert await listing(submitter) == ["public"]
    assert await listing(stranger) == await listing(admin) == ["public", "private"]
    assert await listing(admin, project=private_project) == ["private"]
    refused = await submitter.get("/v1/artifacts", params={"project": private_project})
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/not-found")


async def test_a_document_is_shown_as_the_callers_project_has_it(
    submitter, client_of, private_project, upload, network, address_of
):
    stranger = await client_of(Role.SUBMITTER, private_project)
    await upload(submitter, network, name="theirs")
    await upload(stranger, network, project=private_project, name="ours")

    async def name_for(client, **params):
        return (await client.get(address_of(network), params=params)).json().get("name")

    assert await name_for(stranger) == "ours"
    assert await name_for(stranger, project="default") == "theirs"
    assert await name_for(submitter) == "theirs"
    assert await name_for(submitter, project=private_project) is None


async def test_a_file_given_up_is_gone_for_its_project_alone(
    submitter, client_of, private_project, upload, network, address_of
):
    stranger = await client_of(Role.SUBMITTER, private_project)
    await upload(submitter, network)
    await upload(stranger, network, project=private_project)

    assert (await submitter.delete(address_of(network))).status_code == 204

    assert (await submitter.get(address_of(network))).status_code == 404
    assert (await submitter.delete(address_of(network))).status_code == 404
    assert (await stranger.get(address_of(network, "/content"))).content == network


async def test_a_file_that_a_request_waits_for_stays(submitter, lab, upload, network, address_of):
    job = await lab.job((await upload(submitter, network)).json()["sha256"])

    refused = await submitter.delete(address_of(network))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")

    await lab.set(jobs, job, state="done")
    assert (await submitter.delete(address_of(network))).status_code == 204


async def test_a_file_whose_requests_are_all_cancelled_may_go(submitter, lab, upload, network, address_of):
    job = await lab.job((await upload(submitter, network)).json()["sha256"])
    await lab.set(requests, job, cancelled_us=1)

    assert (await submitter.delete(address_of(network))).status_code == 204


async def test_viewers_change_nothing(client_of, submitter, upload, network, address_of):
    await upload(submitter, network)
    viewer = await client_of(Role.VIEWER)

    assert (await viewer.get(address_of(network))).status_code == 200
    assert (await viewer.delete(address_of(network))).status_code == 403


async def test_what_other_domains_ask(database, submitter, client_of, private_project, upload, another):
    stranger = await client_of(Role.SUBMITTER, private_project)
    shared = (await upload(submitter, another(0), name="theirs")).json()
    await upload(stranger, another(0), project=private_project, name="ours")
    secret = (await upload(stranger, another(1), project=private_project, name="secret")).json()

    def work(connection):
        first, second = (artifact_id(connection, file["sha256"], project) for file, project in owned)
        with pytest.raises(Refusal, match="no artifact"):
            artifact_id(connection, secret["sha256"], 1)
        return (
            references(connection, ()),
            references(connection, (first, second)),
            references(connection, (first, second), project_id=2),
            (first, second),
        )

    owned = ((shared, 1), (secret, 2))
    nothing, neutral, own, (first, second) = await database.read(work)

    assert nothing == {}
    assert (neutral[first].name, neutral[second].name) == ("theirs", secret["sha256"][:12] + ".onnx")
    assert (own[first].name, own[second].name) == ("ours", "secret")
    assert own[first].sha256 == shared["sha256"]


@pytest.mark.parametrize(
    ("role", "project", "device", "seen"),
    [
        (Role.ADMIN, None, None, {"default", "private"}),
        (Role.VIEWER, 1, None, {"default"}),
        (Role.SUBMITTER, 2, None, {"default", "private"}),
        (Role.AGENT, None, 99, set()),
    ],
)
async def test_the_condition_on_artifacts(
    database, lab, admin, private_project, upload, another, role, project, device, seen
):
    """Also where the statement around it reads jobs as well."""
    for number, slug in enumerate(("default", private_project)):
        sha256 = (await upload(admin, another(number), project=slug)).json()["sha256"]
        await lab.hold(await lab.job(sha256))
    caller = Caller(1, "caller", role, project, device)

    def work(connection):
        rows = select(artifacts.c.id).where(visible_to(caller))
        joined = (
            select(artifacts.c.id).join(jobs, jobs.c.artifact_id == artifacts.c.id).where(visible_to(caller))
        )
        return [connection.execute(query).scalars().all() for query in (rows, joined)]

    for found in await database.read(work):
        assert {{1: "default", 2: "private"}[each] for each in found} == seen
