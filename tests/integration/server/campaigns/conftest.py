"""The laboratory of jobs, with a small search space and agents that can build it."""

from collections.abc import Iterator

import pytest

from edgemeter.spaces import registry
from edgemeter_server.recipes.repository import store_builds

from ..jobs.conftest import AgentProcess, Lab, lab  # noqa: F401  # a fixture
from .tiny import ENTRY_POINTS


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The space `tiny` is installed."""
    registry.find_space.cache_clear()
    monkeypatch.setattr(registry, "_points", lambda: ENTRY_POINTS)
    yield
    registry.find_space.cache_clear()


def recipe(
    text: str = "tiny@1:conv3,conv5", kind: str = "architecture", **changes: object
) -> dict[str, object]:
    named = {"space": "tiny", "version": 1, "format": "onnx", "precision": "fp32"}
    return {**named, "kind": kind, "text": text, **changes}


async def builder(lab: Lab, *builds: str, **more: object) -> AgentProcess:  # noqa: F811
    """An agent's session that can build what is named; `tiny/1` by default."""
    agent = await lab.agent(**more)  # type: ignore[arg-type]
    await lab.services.database.write(
        lambda connection: store_builds(connection, agent.session_id, builds or ("tiny/1",))
    )
    return agent
