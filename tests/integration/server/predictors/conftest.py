"""The laboratory of campaigns, whose agent has measured the whole small space."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from fastapi import FastAPI
from pydantic import SecretStr

from edgemeter.cli import remote
from edgemeter.cli.main import cli
from edgemeter.client import Client, ClientSettings
from edgemeter.wire.access import Role
from edgemeter_server.artifacts import child
from edgemeter_server.campaigns.advancing import advance_all
from edgemeter_server.predictors import choosing, judging, training
from edgemeter_server.predictors.kernels import judging as kernels_judging
from edgemeter_server.predictors.kernels import opening
from edgemeter_server.testing import issue_token

from ..campaigns.conftest import builder, tiny  # noqa: F401  # fixtures
from ..campaigns.test_campaigns import created, measure_all
from ..jobs.conftest import TARGET, Lab, lab  # noqa: F401  # a fixture
from .kernel_files import fitted


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child would not know the small space. tests/unit/server/predictors/test_training.py has real ones."""

    def run_here(
        task: str, payload: dict[str, Any], _: object, __: object, files: dict[str, Path] | None = None
    ) -> Any:
        module, _, function = task.partition(":")
        sent = payload | {name: str(path) for name, path in (files or {}).items()}
        return json.loads(json.dumps(getattr(import_module(module), function)(json.loads(json.dumps(sent)))))

    for asks in (training, judging, choosing, opening, kernels_judging, child):
        monkeypatch.setattr(asks, "run_limited", run_here)


@pytest.fixture(scope="session")
def kernel_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A saved predictor of files, of the laboratory's target."""
    return fitted(TARGET, tmp_path_factory.mktemp("kernels"))


@pytest.fixture
async def measured(lab: Lab) -> Lab:  # noqa: F811
    """Operators, three architectures to train on, and one to test."""
    agent = await builder(lab)
    await created(lab, architectures=3, test=1, repeats=0)
    await advance_all(lab.services)
    await measure_all(lab, agent)
    return lab


class Bridge(httpx.BaseTransport):
    """A thread's requests, answered by the application in the test's event loop."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app)
        self._loop = asyncio.get_running_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).result()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        )
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@pytest.fixture
async def edgemeter(
    measured: Lab,
    app: FastAPI,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Awaitable[Result]]:
    """Runs a command as a submitter, while the loop goes on serving."""
    token = await issue_token(measured.services, Role.SUBMITTER, project="default")
    settings = ClientSettings(url="http://testserver", token=SecretStr(token))
    bridge = Bridge(app)

    def connected(_url: str | None, _token_file: Path | None) -> Client:
        return Client(settings=settings, transport=bridge)

    monkeypatch.setattr(remote, "_client", connected)

    async def run(*words: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli, [str(word) for word in words])

    return run
