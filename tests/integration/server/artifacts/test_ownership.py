"""How a file becomes a project's: once, however often and at once it is sent, and within its quota."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from edgemeter_server import faults


async def stored(services):
    return {name async for name in services.storage.names()}


def drafts(services):
    return list(Path(services.settings.data_folder).rglob("draft-*"))


async def test_a_file_that_the_project_has_keeps_its_name(submitter, upload, network):
    first = await upload(submitter, network, name="first")
    again = await upload(submitter, network, name="second")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_the_same_file_many_times_at_once(submitter, upload, network, services):
    replies = await asyncio.gather(*(upload(submitter, network, name=f"n{number}") for number in range(8)))

    assert sorted(reply.status_code for reply in replies) == [200] * 7 + [201]
    assert len({reply.json()["name"] for reply in replies}) == 1
    assert len(await stored(services)) == 1
    assert drafts(services) == []


async def test_many_files_at_once(submitter, upload, another, services):
    replies = await asyncio.gather(*(upload(submitter, another(number)) for number in range(8)))

    assert {reply.status_code for reply in replies} == {201}
    assert await stored(services) == {reply.json()["sha256"] for reply in replies}


async def test_a_project_may_have_only_so_much(settings_changed, upload, another, services):
    first, second = another(1), another(2)
    client = settings_changed(artifact_bytes_per_project=len(first) + len(second) - 1)

    assert (await upload(client, first)).status_code == 201
    refused = await upload(client, second)

    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/quota-exceeded")
    assert (await upload(client, first)).status_code == 200  # what it has may come again
    assert (await client.delete(f"/v1/artifacts/{hashlib.sha256(first).hexdigest()}")).status_code == 204
    assert (await upload(client, second)).status_code == 201
    assert drafts(services) == []


async def test_the_quota_holds_for_files_without_length_and_at_once(settings_changed, another):
    contents = [another(number) for number in range(6)]
    client = settings_changed(artifact_bytes_per_project=3 * len(contents[0]))

    async def send(content):
        async def pieces():
            yield content

        return await client.put(f"/v1/artifacts/{hashlib.sha256(content).hexdigest()}", content=pieces())

    replies = await asyncio.gather(*map(send, contents))

    assert sorted(reply.status_code for reply in replies) == [201] * 3 + [403] * 3


class CrashError(BaseException):
    pass


@pytest.mark.parametrize("at", ["upload.announced", "upload.stored", "upload.owned"])
async def test_an_upload_cut_off_anywhere_may_be_sent_again(
    submitter, upload, network, address_of, services, at
):
    def crash(point):
        if point == at:
            faults.install(None)
            raise CrashError

    faults.install(crash)
    try:
        with pytest.raises(CrashError):
            await upload(submitter, network)
    finally:
        faults.install(None)
    seen = await submitter.get(address_of(network))
    assert seen.status_code == (200 if at == "upload.owned" else 404)

    assert (await upload(submitter, network)).status_code == (200 if at == "upload.owned" else 201)
    assert (await submitter.get(address_of(network, "/content"))).content == network
    assert drafts(services) == []


async def test_nobody_uploads_into_a_strangers_project(submitter, private_project, upload, network, services):
    for project in (private_project, "absent"):
        reply = await upload(submitter, network, project=project)
        assert (reply.status_code, reply.json()["type"]) == (404, "/problems/not-found")
    assert await stored(services) == set()
