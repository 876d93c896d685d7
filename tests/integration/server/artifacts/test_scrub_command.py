"""`edgemeter scrub` in a process of its own, beside one that has the data folder open."""

import asyncio
import json
import subprocess
import sys

import pytest

from edgemeter_server.access.projects import ensure_default
from edgemeter_server.artifacts.opening import open_storage
from edgemeter_server.artifacts.ownership import Arrival, announce, own
from edgemeter_server.artifacts.scrub_beside import NoDatabaseError, scrub_beside
from edgemeter_server.database.opening import open_database
from edgemeter_server.settings import Settings


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
    assert (await scrub_beside(Settings(data_folder=tmp_path))).sound
    place.write_bytes(b"spoilt")

    program = "from edgemeter.cli.main import main; main()"
    command = [sys.executable, "-c", program, "scrub", "--json", "--data-folder", str(tmp_path)]
    told = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=100, check=False
    )

    assert (told.returncode, told.stderr) == (4, "")
    found = {"checked": 1, "changed": [place.name], "missing": [], "unknown": [], "sound": False}
    assert json.loads(told.stdout) == found


async def test_a_folder_without_a_server_is_told_and_left_as_it_was(tmp_path):
    with pytest.raises(NoDatabaseError, match="holds no server's database"):
        await scrub_beside(Settings(data_folder=tmp_path))
    assert list(tmp_path.iterdir()) == []
