"""What a folder promises beyond the contract: durable, clean after a crash, honest when it is full."""

import hashlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from edgemeter_server.artifacts.local_storage import InlineStorage, LocalStorage
from edgemeter_server.artifacts.storage import StorageUnavailableError

CONTENT = b"network" * 1000


def in_process(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def test_the_bytes_are_on_disk_before_their_name_and_both_before_the_commit_returns(
    tmp_path, monkeypatch
):
    """In this order: the file is synced, gets its name, and the folders that hold the name are synced."""
    done = []
    sync, replace = os.fsync, Path.replace

    def fsync(number):
        done.append(("sync", Path(f"/proc/self/fd/{number}").readlink().name.partition("-")[0]))
        sync(number)

    def rename(self, target):
        done.append(("rename", target.name))
        return replace(self, target)

    storage = InlineStorage(tmp_path)
    async with storage.draft() as draft:
        await draft.write(CONTENT)
        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(Path, "replace", rename)
        await draft.commit()
        done.append(("returned", ""))
    await storage.close()

    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert done == [
        ("sync", "draft"),
        ("rename", sha256),
        ("sync", sha256[:2]),
        ("sync", "objects"),
        ("returned", ""),
    ]


async def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    program = """
        import asyncio, os, pathlib, signal, sys
        from edgemeter_server.artifacts.local_storage import LocalStorage

        async def main():
            storage = LocalStorage(pathlib.Path(sys.argv[1]))
            async with storage.draft() as draft:
                await draft.write(b"half of a network")
                os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
    """
    assert in_process(program, tmp_path).returncode == -9
    assert len(list(tmp_path.rglob("draft-*"))) == 1

    storage = LocalStorage(tmp_path)

    assert list(tmp_path.rglob("draft-*")) == []
    await storage.close()


async def test_drafts_of_a_living_process_are_left_alone(tmp_path):
    mine, other = LocalStorage(tmp_path), LocalStorage(tmp_path)
    async with mine.draft() as draft:
        await draft.write(CONTENT)
        third = LocalStorage(tmp_path)
        await draft.commit()
    for storage in (mine, other, third):
        assert await storage.exists(hashlib.sha256(CONTENT).hexdigest())
        await storage.close()
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_a_file_cut_short_is_told_and_never_served_as_whole(tmp_path):
    storage = LocalStorage(tmp_path)
    async with storage.draft() as draft:
        await draft.write(CONTENT)
        await draft.commit()
    (place,) = (path for path in tmp_path.rglob("*") if path.name == draft.sha256)
    os.truncate(place, 10)

    with pytest.raises(StorageUnavailableError, match="shorter"):
        [chunk async for chunk in storage.read(draft.sha256, 0, len(CONTENT))]
    await storage.close()


async def test_only_the_owner_of_the_folder_may_look(tmp_path):
    storage = LocalStorage(tmp_path / "artifacts")
    async with storage.draft() as draft:
        await draft.write(CONTENT)
        await draft.commit()
    modes = {path: path.stat().st_mode & 0o077 for path in (tmp_path / "artifacts").rglob("*")}
    await storage.close()

    assert set(modes.values()) == {0}, modes


_FULL = """
    import asyncio, pathlib, subprocess, sys
    from edgemeter_server.artifacts.local_storage import LocalStorage
    from edgemeter_server.artifacts.storage import StorageFullError

    folder = pathlib.Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)

    async def put(storage, content):
        async with storage.draft() as draft:
            await draft.write(content)
            await draft.commit()

    async def main():
        storage = LocalStorage(folder)
        await put(storage, bytes(300_000))
        try:
            await put(storage, bytes(1_500_000))
        except StorageFullError as error:
            print("refused:", error)
        assert not list(folder.rglob("draft-*"))
        await put(storage, bytes(400_000))
        print(len([name async for name in storage.names()]), "stored")
        await storage.close()

    asyncio.run(main())
"""


def test_a_full_disk_is_told_leaves_nothing_and_is_got_over(tmp_path):
    if subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a small disk")
    command = ["unshare", "-Urm", sys.executable, "-c", textwrap.dedent(_FULL), str(tmp_path)]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert ended.stdout.splitlines() == ["refused: no space is left for artifacts", "2 stored"], ended.stderr
