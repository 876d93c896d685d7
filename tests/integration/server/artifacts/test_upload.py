"""A file's way in over HTTP, and everything that must not come in or stay."""

import asyncio
import hashlib
import json
import resource
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from edgemeter.wire.access import Role
from edgemeter_agents.networks import SHIPPED

NASTY = json.loads((Path(__file__).parents[3] / "data" / "nasty_names.json").read_text())
TFLITE = next(network for network in SHIPPED if network.format == "tflite").path.read_bytes()

#: Nothing here depends on the database.
pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


async def stored(services):
    return {name async for name in services.storage.names()}


def drafts(services):
    return list(Path(services.settings.data_folder).rglob("draft-*"))


async def assert_nothing_left(services):
    assert await stored(services) == set()
    assert drafts(services) == []


async def test_a_new_file(submitter, upload, network, services):
    reply = await upload(submitter, network, name="my network.onnx")

    assert reply.status_code == 201
    document = reply.json()
    assert document["sha256"] == hashlib.sha256(network).hexdigest()
    assert (document["name"], document["format"], document["project"]) == (
        "my network.onnx",
        "onnx",
        "default",
    )
    assert document["size_bytes"] == len(network)
    assert document["features"]["operator_types"] == {"Add": 1}
    assert await stored(services) == {document["sha256"]}
    assert drafts(services) == []


async def test_tflite_is_told_by_its_content_and_a_name_is_made_up(submitter, upload):
    document = (await upload(submitter, TFLITE)).json()

    assert document["format"] == "tflite"
    assert document["name"] == document["sha256"][:12] + ".tflite"


async def test_a_body_without_length(submitter, address_of, network):
    async def pieces():
        for start in range(0, len(network), 10):
            yield network[start : start + 10]

    reply = await submitter.put(address_of(network), content=pieces())

    assert reply.status_code == 201


async def test_nasty_names_come_back_as_they_are_or_are_refused(submitter, upload, network, address_of):
    for name in NASTY[::3]:  # the unit test of attachments has them all
        reply = await upload(submitter, network, name=name)
        if reply.status_code == 422:
            assert reply.json()["type"] == "/problems/invalid"
            continue
        assert (reply.status_code, reply.json()["name"]) == (201, name)
        head = await submitter.head(address_of(network, "/content"))
        assert head.headers["content-disposition"].startswith("attachment; ")
        assert (await submitter.delete(address_of(network))).status_code == 204


@pytest.mark.parametrize("name", ["", "x" * 201, "line\nfeed", "tab\t", "\x7f", "\x9b31m", "nul\0"])
async def test_names_that_are_no_label_are_refused(submitter, upload, network, services, name):
    assert (await upload(submitter, network, name=name)).status_code in (400, 422)
    await assert_nothing_left(services)


@pytest.mark.parametrize(
    "sha256", ["0" * 63, "0" * 65, "g" * 64, "A" * 64, "..", "%2e%2e%2fetc", "0" * 63 + "%00"]
)
async def test_addresses_that_are_no_digest(submitter, network, services, sha256):
    reply = await submitter.put(f"/v1/artifacts/{sha256}", content=network)

    assert reply.status_code in (400, 404, 405, 415, 422)
    await assert_nothing_left(services)


async def test_other_bytes_than_announced(submitter, address_of, network, services):
    reply = await submitter.put(address_of(network), content=network + b"\0")

    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/digest-mismatch")
    await assert_nothing_left(services)


def external():
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="0" * 64)
    node = helper.make_node("Identity", ["w"], ["y"])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])
    return helper.make_model(helper.make_graph([node], "g", [], [output], [weight])).SerializeToString()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04zip", "ZIP"),
        (b"\x80\x02pickle", "pickle"),
        (b"\x08\x08", "no network"),
        (b"\xff" * 1000, "broken"),
        (external(), "external data"),
    ],
    ids=["empty", "zip", "pickle", "no network", "noise", "external"],
)
async def test_what_is_no_network_of_its_own(submitter, upload, services, content, words):
    reply = await upload(submitter, content)

    assert (reply.status_code, reply.json()["type"]) == (400, "/problems/malformed")
    assert words in reply.json()["detail"]
    assert str(services.settings.data_folder) not in reply.text
    await assert_nothing_left(services)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "text/html"},
        {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"},
    ],
)
async def test_only_the_bare_bytes(submitter, address_of, network, services, headers):
    reply = await submitter.put(address_of(network), content=network, headers=headers)

    assert (reply.status_code, reply.json()["type"]) == (415, "/problems/unsupported-media")
    await assert_nothing_left(services)


async def test_too_large_by_its_own_word(settings_changed, upload, network, services):
    reply = await upload(settings_changed(max_artifact_bytes=len(network) - 1), network)

    assert (reply.status_code, reply.json()["type"]) == (413, "/problems/too-large")
    await assert_nothing_left(services)


async def test_too_large_without_a_word(settings_changed, address_of, network, services):
    limit = 3_000_000
    taken, seen = 0, []

    async def endless():
        nonlocal taken
        while True:
            yield bytes(65_536)
            taken += 65_536
            seen.append(sum(draft.stat().st_size for draft in drafts(services)))

    reply = await settings_changed(max_artifact_bytes=limit).put(address_of(network), content=endless())

    assert (reply.status_code, reply.json()["type"]) == (413, "/problems/too-large")
    assert max(seen) <= limit
    assert taken <= limit + 65_536
    await assert_nothing_left(services)


async def test_a_large_file_is_never_whole_in_memory(submitter, another, upload, services):
    """It arrives on disk piece by piece, while more is to come."""
    content = another(1, padding_bytes=5 << 20)
    on_disk = []

    async def pieces():
        for start in range(0, len(content), 65_536):
            on_disk.append(sum(draft.stat().st_size for draft in drafts(services)))
            yield content[start : start + 65_536]

    reply = await submitter.put(
        f"/v1/artifacts/{hashlib.sha256(content).hexdigest()}",
        content=pieces(),
        headers={"Content-Type": "application/octet-stream"},
    )

    assert reply.status_code == 201
    held = [start * 65_536 - size for start, size in enumerate(on_disk)]
    assert max(held) <= 2 << 20


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "1000"}])
async def test_a_client_that_goes_away(exchange, address_of, network, services, headers):
    half = {"type": "http.request", "body": network[:50], "more_body": True}

    await exchange(address_of(network), half, **headers).run()

    await assert_nothing_left(services)


async def test_a_client_that_stalls(settings_changed, address_of, network, services):
    never = asyncio.Event()

    async def stalled():
        yield network[:50]
        await never.wait()

    client = settings_changed(stall_timeout_s=0.05)
    reply = await client.put(address_of(network), content=stalled())

    assert reply.status_code == 408
    await assert_nothing_left(services)


async def test_a_client_that_never_ends(settings_changed, address_of, network, services):
    async def drop_by_drop():
        while True:
            yield b"."
            await asyncio.sleep(0.001)

    client = settings_changed(upload_timeout_s=0.1)
    reply = await client.put(address_of(network), content=drop_by_drop())

    assert reply.status_code == 408
    await assert_nothing_left(services)


@pytest.fixture
def no_file_beyond_a_megabyte():
    """The kernel itself refuses to write more to a file, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_no_space_left(submitter, upload, another, network, services, no_file_beyond_a_megabyte):
    reply = await upload(submitter, another(1, padding_bytes=2 << 20))

    assert (reply.status_code, reply.json()["type"]) == (507, "/problems/storage-full")
    assert int(reply.headers["retry-after"]) > 0
    assert str(services.settings.data_folder) not in reply.text
    await assert_nothing_left(services)
    assert (await upload(submitter, network)).status_code == 201


async def test_viewers_may_not_upload(client_of, upload, network, services):
    reply = await upload(await client_of(Role.VIEWER), network)

    assert (reply.status_code, reply.json()["type"]) == (403, "/problems/forbidden")
    await assert_nothing_left(services)
