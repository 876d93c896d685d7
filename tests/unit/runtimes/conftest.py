import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def fake_network(tmp_path: Path) -> Callable[..., Path]:
    """Writes a network of the fake runtime."""

    def write(**network: object) -> Path:
        file = tmp_path / "network.json"
        file.write_text(json.dumps({"inputs": {"x": [1, 4]}, **network}))
        return file

    return write
