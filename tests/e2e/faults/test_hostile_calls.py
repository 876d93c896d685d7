"""All operations of the OpenAPI document, called with what fits it and what does not: no answer is a
defect's, and each is one that the document declares.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from .service import running
from .world import DEVICE, TARGET, World

EXAMPLES = int(os.environ.get("EDGEMETER_TEST_EXAMPLES", "5"))  #: of each operation and role
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "openapi.json"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def document() -> dict[str, Any]:
    """Without the answers that are declared for whatever else may happen: here nothing else may."""
    told: dict[str, Any] = json.loads(DOCUMENT.read_text())
    for methods in told["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("default", None)
    return told


#: Made-up bytes are sent as either kind of them.
schemathesis.serializer.alias("application/vnd.apache.arrow.stream", "application/octet-stream")
Case = schemathesis.Case[Any]
AGENTS = "^/v1/agent/"
schema = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """With something of everything in it."""
    folder = tmp_path_factory.mktemp("hostile")
    with running(folder, EDGEMETER_SERVER_REQUESTS_PER_MINUTE="1000000000") as service:
        world = World(service)
        world.requested()
        world.report(world.claimed())
        world.requested()
        world.claimed()
        yield world


def known(case: Case, world: World) -> None:
    """Half of the calls are about what there is: a made-up name is mostly unknown, and no more is learned."""
    if crc32(repr((case.path_parameters, case.body)).encode()) % 2:
        return
    there = {"slug": TARGET.slug if "targets" in case.path else DEVICE, "sha256": world.artifact}
    there |= dict.fromkeys(("request_id", "job_id", "measurement_id"), "1")
    for name in case.path_parameters:
        if name in there:
            case.path_parameters[name] = there[name]
    if isinstance(case.body, dict) and "session_id" in case.body:
        case.body["session_id"] = world.session_id


def harmless(case: Case) -> None:
    """Nobody waits, and the tokens that these tests need stay."""
    if "wait" in case.query:
        case.query["wait"] = "0"
    if isinstance(case.body, dict) and "claim_id" in case.body:
        case.body["wait_s"] = 0
    if case.path == "/v1/tokens/{token_id}":
        case.path_parameters |= {"token_id": "1000000"}


def check(case: Case, world: World, client: httpx.Client) -> None:
    known(case, world)
    harmless(case)
    answer = case.call(str(client.base_url), headers=dict(client.headers), timeout=60)
    case.validate_response(answer, checks=CHECKS)


def sized(test: Callable[..., None]) -> Callable[..., None]:
    bounded = settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    decorated: Callable[..., None] = bounded(test)
    return decorated


@schema.exclude(path_regex=AGENTS).parametrize()
@sized
def test_an_admin_gets_only_declared_answers(case: Case, world: World) -> None:
    check(case, world, world.admin)


@schema.include(path_regex=AGENTS).parametrize()
@sized
def test_an_agent_gets_only_declared_answers(case: Case, world: World) -> None:
    check(case, world, world.agent)
