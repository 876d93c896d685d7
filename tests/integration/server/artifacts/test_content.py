"""Downloads: attachments that never change, in whole or in part, for those who may see them."""

import hashlib

import pytest

#: Nothing here depends on the database.
pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


@pytest.fixture
def content(another):
    return another(1, padding_bytes=3 << 20)


@pytest.fixture
async def url(submitter, upload, content, address_of):
    assert (await upload(submitter, content, name="größe.onnx")).status_code == 201
    return address_of(content, "/content")


async def test_the_whole_file(submitter, url, content):
    reply = await submitter.get(url)

    assert (reply.status_code, reply.content) == (200, content)
    assert reply.headers["content-length"] == str(len(content))
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert reply.headers["content-disposition"].startswith(
        'attachment; filename="gr_e.onnx"; filename*=UTF-8'
    )


async def test_head(submitter, url, content):
    head, get = await submitter.head(url), await submitter.get(url)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "content-disposition", "cache-control"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(("asked", "start", "stop"), [("0-0", 0, 1), ("5-", 5, None), ("-7", -7, None)])
async def test_a_range(submitter, url, content, asked, start, stop):
    reply = await submitter.get(url, headers={"Range": f"bytes={asked}"})

    assert (reply.status_code, reply.content) == (206, content[start:stop])
    assert reply.headers["content-length"] == str(len(reply.content))
    first = content.index(reply.content) if start >= 0 else len(content) + start
    assert reply.headers["content-range"] == f"bytes {start if start >= 0 else first}-" + (
        f"{(stop or len(content)) - 1}/{len(content)}"
    )


async def test_a_range_across_chunks(submitter, url, content):
    start, stop = (1 << 20) - 3, (2 << 20) + 3

    reply = await submitter.get(url, headers={"Range": f"bytes={start}-{stop - 1}"})

    assert (reply.status_code, reply.content) == (206, content[start:stop])


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=0-1,3-4", "bytes=" + "0-0," * 10_000 + "1-1"])
async def test_ranges_that_cannot_be_had(submitter, url, content, asked):
    reply = await submitter.get(url, headers={"Range": asked})

    assert (reply.status_code, reply.json()["type"]) == (416, "/problems/range-not-satisfiable")
    assert reply.headers["content-range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("asked", ["bytes=x", "rows=1-2", "bytes=4-3"])
async def test_what_is_no_range_gives_the_whole(submitter, url, content, asked):
    assert (await submitter.get(url, headers={"Range": asked})).content == content


async def test_what_is_known_is_not_sent_again(submitter, url):
    etag = (await submitter.head(url)).headers["etag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        reply = await submitter.get(url, headers={"If-None-Match": known, "Range": "bytes=0-0"})
        assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", etag)
    assert (await submitter.get(url, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_range_of_another_version_gives_the_whole(submitter, url, content):
    etag = (await submitter.head(url)).headers["etag"]
    asked = {"Range": "bytes=0-0"}

    assert (await submitter.get(url, headers={**asked, "If-Range": etag})).status_code == 206
    assert (await submitter.get(url, headers={**asked, "If-Range": '"other"'})).content == content


async def test_lost_bytes_are_a_defect_that_names_nothing(submitter, url, content, services):
    await services.storage.delete(hashlib.sha256(content).hexdigest())

    reply = await submitter.get(url)

    assert (reply.status_code, reply.json()["type"]) == (500, "/problems/internal")
    assert str(services.settings.data_folder) not in reply.text
