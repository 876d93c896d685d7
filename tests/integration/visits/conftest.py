"""Scripted networks, and a nursery that has loaded the fake runtime."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgemeter.isolation import Nursery
from edgemeter_agents.batches.lab import start_nursery

FAKE = "edgemeter_agents.runtimes.fake:FakeRuntime"


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with start_nursery(FAKE) as started:
        yield started


@pytest.fixture
def network(tmp_path: Path) -> Callable[..., Path]:
    """Writes the file of a fake network: 1 ms, one input, and whatever the script adds."""

    def write(name: str, **script: Any) -> Path:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps({"inputs": {"x": [1, 4]}, "latencies_us": [1000.0], **script}))
        return file

    return write
