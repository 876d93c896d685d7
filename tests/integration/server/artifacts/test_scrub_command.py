"""`edgemeter scrub` in a process of its own, beside one that has the data folder open."""

import asyncio
import json
import subprocess
import sys

import pytest

from edgemeter_server.access.projects import ensure_default
from edgemeter_server.artifacts.opening import open_storage
from edgemeter_server.artifacts.ownership import Arrival, announce, own
from edgemeter_server.database.opening import open_database
from edgemeter_server.settings import Settings


async def run(folder, *options):
    program = "from edgemeter.cli.main import main; main()"
    command = [sys.executable, "-c", program, "scrub", "--data-folder", str(folder), *options]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
async def place(tmp_path, network):
    """Where a server that runs keeps its one artifact."""
    settings = Settings(data_folder=tmp_path)
    async with open_database(settings) as opened:
        storage = open_storage(settings)
        async with storage.draft() as draft:
            await draft.write(network)
            await draft.commit()
        arrival = Arrival(1, draft.sha256, len(network), "onnx", "network")
        await opened.database.write(lambda connection: ensure_default(connection, 0))
        await opened.database.write(lambda connection: announce(connection, arrival, 0))
        await opened.database.write(lambda connection: own(connection, arrival, 0, 0, 1 << 30))
        (stored,) = tmp_path.rglob(draft.sha256)
        yield stored
        await storage.close()


async def test_it_tells_what_is_sound_and_what_is_not(tmp_path, place):
    sound = await run(tmp_path, "--json")
    place.write_bytes(b"spoilt")
    spoilt = await run(tmp_path)

    assert (sound.returncode, sound.stderr) == (0, "")
    assert json.loads(sound.stdout) == {
        "checked": 1,
        "changed": [],
        "missing": [],
        "unknown": [],
        "sound": True,
    }
    assert spoilt.returncode == 4, spoilt.stderr
    assert spoilt.stdout == f"changed  {place.name}\n1 artifacts read, not all sound\n"


async def test_a_folder_without_a_server_is_told_in_one_line_and_left_as_it_was(tmp_path):
    found = await run(tmp_path)

    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == "Error: the data folder holds no server's database\n"
    assert list(tmp_path.iterdir()) == []
