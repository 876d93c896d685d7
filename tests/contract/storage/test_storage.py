"""What every storage promises."""

import asyncio
import hashlib

import pytest

from edgemeter_server.artifacts.storage import CHUNK_BYTES, NotStoredError, Storage

NOTHING = hashlib.sha256(b"never stored").hexdigest()
LARGE = bytes(range(256)) * (10 * CHUNK_BYTES // 256) + b"the end"  # more than one part of every kind


async def put(storage: Storage, *chunks: bytes) -> str:
    async with storage.draft() as draft:
        for chunk in chunks:
            await draft.write(chunk)
        await draft.commit()
        return draft.sha256


async def get(storage: Storage, sha256: str, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in storage.read(sha256, start, stop)])


async def names(storage: Storage) -> set[str]:
    return {name async for name in storage.names()}


@pytest.mark.parametrize("chunks", [(b"",), (b"a",), (b"one, ", b"two"), (LARGE,)], ids=range(4))
async def test_what_is_committed_is_found_under_its_own_digest(storage, chunks):
    content = b"".join(chunks)

    sha256 = await put(storage, *chunks)

    assert sha256 == hashlib.sha256(content).hexdigest()
    assert await storage.size_bytes(sha256) == len(content)
    assert await storage.exists(sha256)
    assert await get(storage, sha256) == content
    assert await names(storage) == {sha256}


async def test_a_draft_tells_what_was_written_so_far(storage):
    async with storage.draft() as draft:
        assert (draft.size_bytes, draft.sha256) == (0, hashlib.sha256().hexdigest())
        await draft.write(b"abc")
        assert (draft.size_bytes, draft.sha256) == (3, hashlib.sha256(b"abc").hexdigest())
        assert await draft.inspect(lambda path: path.read_bytes()) == b"abc"


async def test_nothing_is_seen_before_the_commit_and_nothing_stays_without_one(storage, tmp_path):
    async with storage.draft() as draft:
        await draft.write(LARGE)
        assert not await storage.exists(draft.sha256)
        assert await names(storage) == set()

    assert await names(storage) == set()
    assert _drafts(tmp_path) == []


async def test_a_draft_that_fails_leaves_nothing(storage, tmp_path):
    async def fail() -> None:
        async with storage.draft() as draft:
            await draft.write(b"abc")
            await draft.inspect(lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await names(storage) == set()
    assert _drafts(tmp_path) == []


async def test_a_cancelled_draft_leaves_nothing(storage, tmp_path):
    writing = asyncio.Event()

    async def endless() -> None:
        async with storage.draft() as draft:
            while True:
                await draft.write(bytes(CHUNK_BYTES))
                writing.set()
                await asyncio.sleep(0)

    task = asyncio.create_task(endless())
    await writing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await names(storage) == set()
    assert _drafts(tmp_path) == []


async def test_the_same_again_changes_nothing(storage):
    first, second = await put(storage, b"same"), await put(storage, b"sa", b"me")

    assert first == second
    assert await names(storage) == {first}


async def test_many_at_once(storage):
    contents = [b"%d" % (number % 5) for number in range(25)]

    stored = await asyncio.gather(*(put(storage, content) for content in contents))

    assert await names(storage) == set(stored)
    assert [await get(storage, sha256) for sha256 in stored] == contents


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 0), (0, 1), (5, 9), (CHUNK_BYTES - 1, CHUNK_BYTES + 1), (3, 3 * CHUNK_BYTES), (len(LARGE), None)],
)
async def test_ranges(storage, start, stop):
    sha256 = await put(storage, LARGE)

    chunks = [chunk async for chunk in storage.read(sha256, start, stop)]

    assert b"".join(chunks) == LARGE[start:stop]
    assert all(0 < len(chunk) <= CHUNK_BYTES for chunk in chunks)


async def test_a_reader_may_stop_early(storage):
    sha256 = await put(storage, LARGE)
    reading = storage.read(sha256)

    assert LARGE.startswith(await anext(reading))
    await reading.aclose()


async def test_what_is_not_there(storage):
    assert await storage.size_bytes(NOTHING) is None
    assert not await storage.exists(NOTHING)
    await storage.delete(NOTHING)
    with pytest.raises(NotStoredError):
        await anext(storage.read(NOTHING))
    with pytest.raises(NotStoredError):
        await storage.inspect(NOTHING, lambda path: path)


async def test_delete(storage):
    kept, deleted = await put(storage, b"kept"), await put(storage, b"deleted")

    await storage.delete(deleted)

    assert await names(storage) == {kept}
    assert await storage.size_bytes(deleted) is None


async def test_what_is_stored_can_be_looked_at_as_a_file(storage, tmp_path):
    sha256 = await put(storage, LARGE)

    assert await storage.inspect(sha256, lambda path: path.read_bytes()) == LARGE
    with pytest.raises(ZeroDivisionError):
        await storage.inspect(sha256, lambda _: 1 / 0)
    assert _drafts(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../" * 5 + "etc/passwd",
        "/etc/passwd",
        NOTHING.upper(),
        NOTHING[1:],
        NOTHING + "\n",
        "\0" * 64,
    ]
    + [NOTHING[:-1] + bad for bad in ("/", ".", "g", "\0", "\u0663")],
    ids=repr,
)
async def test_no_name_leads_anywhere_else(storage, name):
    for call in (storage.size_bytes, storage.exists, storage.delete, storage.read(name).__anext__):
        with pytest.raises(ValueError, match="not a SHA-256"):
            await (call() if call.__name__ == "__anext__" else call(name))
    with pytest.raises(ValueError, match="not a SHA-256"):
        await storage.inspect(name, lambda path: path)


async def test_messages_name_no_place(storage, tmp_path):
    with pytest.raises(NotStoredError) as refused:
        await anext(storage.read(NOTHING))

    assert str(tmp_path) not in str(refused.value)
    assert "bucket" not in str(refused.value)


def _drafts(tmp_path):
    return list(tmp_path.rglob("draft-*"))
