"""The laboratory of campaigns, whose agent has measured the whole small space."""

import json
from typing import Any

import pytest

from edgemeter_server.campaigns.advancing import advance_all
from edgemeter_server.predictors import training

from ..campaigns.conftest import builder, tiny  # noqa: F401  # fixtures
from ..campaigns.test_campaigns import created, measure_all
from ..jobs.conftest import Lab, lab  # noqa: F401  # a fixture


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child would not know the small space. tests/unit/server/predictors/test_training.py has real ones."""

    def run_here(_task: str, payload: dict[str, Any], *_: object) -> Any:
        return json.loads(json.dumps(training.train_here(json.loads(json.dumps(payload)))))

    monkeypatch.setattr(training, "run_limited", run_here)


@pytest.fixture
async def measured(lab: Lab) -> Lab:  # noqa: F811
    """Operators, three architectures to train on, and one to test."""
    agent = await builder(lab)
    await created(lab, architectures=3, test=1, repeats=0)
    await advance_all(lab.services)
    await measure_all(lab, agent)
    return lab
