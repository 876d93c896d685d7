"""Writes docs/openapi.json: every route of the service, its messages and its errors."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from edgemeter_server.app import create_app
from edgemeter_server.database.catalogue import metadata
from edgemeter_server.database.inline import InlineDatabase
from edgemeter_server.testing import ManualClock, make_services

FILE = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


async def document() -> dict[str, Any]:
    """Of a service that has nothing yet."""
    database = InlineDatabase()
    await database.write(metadata.create_all)
    with tempfile.TemporaryDirectory() as folder:
        async with make_services(database, Path(folder), ManualClock()) as services:
            described = create_app(services).openapi()
    await database.close()
    return described


def text_of(described: dict[str, Any]) -> str:
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text_of(asyncio.run(document())))
