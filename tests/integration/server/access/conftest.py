"""A private project with one of everything in it, and a client of every kind of caller."""

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

import httpx
import pytest
from onnx import TensorProto, helper
from sqlalchemy import Connection

from edgemeter.wire.access import Role
from edgemeter_server.access.tokens import new_token
from edgemeter_server.measurements import testing
from edgemeter_server.predictors import queueing
from edgemeter_server.predictors.publishing import publish
from edgemeter_server.predictors.snapshots import Snapshot
from edgemeter_server.predictors.training import Trained
from edgemeter_server.services import Services
from edgemeter_server.testing import ManualClock, issue_token

OWNER, OTHER = "owner", "other"
#: Of NAS-Bench-201.
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|none~0|none~1|nor_conv_3x3~2|"
DEVICE, OTHER_DEVICE = "board", "other-board"


@dataclass(frozen=True, slots=True)
class World:
    """`known` are the path parameters of what is there, `unknown` of what never was."""

    clients: dict[str, httpx.AsyncClient]
    known: dict[str, str]
    unknown: dict[str, str]
    session_id: int


@pytest.fixture
async def world(
    services: Services, clock: ManualClock, client_of: Callable[..., Awaitable[httpx.AsyncClient]]
) -> World:
    clients = {
        "admin": await client_of(Role.ADMIN),
        "viewer": await client_of(Role.VIEWER, OWNER),
        "submitter": await client_of(Role.SUBMITTER, OWNER),
        "other viewer": await client_of(Role.VIEWER, OTHER),
        "other submitter": await client_of(Role.SUBMITTER, OTHER),
        "agent": await client_of(Role.AGENT, device=DEVICE),
        "other agent": await client_of(Role.AGENT, device=OTHER_DEVICE),
        "enrolment": await client_of(Role.ENROLMENT),
    }
    for caller, header in (await _strangers(services, clock, clients["admin"])).items():
        client = await client_of(Role.VIEWER)
        client.headers.pop("authorization")
        client.headers.update(header)
        clients[caller] = client
    known, session_id = await _one_of_everything(services, clients)
    unknown = dict.fromkeys(known, "999999") | {"sha256": "f" * 64, "slug": "nowhere"}
    return World(clients, known, unknown, session_id)


async def _strangers(
    services: Services, clock: ManualClock, admin: httpx.AsyncClient
) -> dict[str, dict[str, str]]:
    """Headers of those who are nobody, or nobody any more."""
    expires_us = clock.now_us(None) + 1_000_000  # type: ignore[arg-type]  # it needs no connection
    expired = await issue_token(services, Role.ADMIN, expires_us=expires_us)
    clock.advance(2)
    revoked = (await admin.post("/v1/tokens", json={"name": "gone", "role": "admin"})).json()
    await admin.delete(f"/v1/tokens/{revoked['id']}")
    return {
        "none": {},
        "garbage": {"authorization": "Bearer garbage"},
        "unknown": {"authorization": f"Bearer {new_token()}"},
        "expired": {"authorization": f"Bearer {expired}"},
        "revoked": {"authorization": f"Bearer {revoked['token']}"},
    }


async def _one_of_everything(
    services: Services, clients: dict[str, httpx.AsyncClient]
) -> tuple[dict[str, str], int]:
    submitter, agent, admin = clients["submitter"], clients["agent"], clients["admin"]
    sha256 = await _uploaded(submitter)
    target = testing.measurement(Random(1), sha256, testing.conditions(Random(1))).target
    session = await _answer(
        agent.post(
            "/v1/agent/sessions",
            json={
                "protocol_version": 1,
                "agent_version": "1.0.0",
                "opening_id": str(uuid.uuid4()),
                "description": {},
                "offers": [{"target": target.model_dump(), "formats": ["onnx"], "fingerprint": {}}],
            },
        )
    )
    await _answer(admin.post(f"/v1/devices/{DEVICE}/approve", json={}))
    request = await _requested(submitter, sha256, target.slug, seed=0)
    measurement_id = await _measured(agent, session["session_id"], sha256)
    plan = {"project": OWNER, "space": "nasbench201", "targets": ["nobodys"], "contexts": 0, "test": 0}
    campaign = await _answer(submitter.post("/v1/campaigns", json=plan | {"architectures": 1}))
    about = {"project": OWNER, "space": "nasbench201", "license": "MIT", "source": "a test"}
    table = f"arch,device,metric,value,unit\n{CELL},board,latency,1.0,ms\n"
    csv = {"content-type": "text/csv"}
    imported = await _answer(submitter.post("/v1/imports", params=about, content=table, headers=csv))
    fit_id, predictor_id = await _predictor(services, submitter, target.slug)
    spare = await _answer(admin.post("/v1/tokens", json={"name": "spare", "role": "admin"}))
    return {
        "sha256": sha256,
        "slug": DEVICE,
        "request_id": str(request["id"]),
        "job_id": str(request["job_id"]),
        "measurement_id": str(measurement_id),
        "campaign_id": str(campaign["id"]),
        "import_id": str(imported["id"]),
        "fit_id": str(fit_id),
        "predictor_id": str(predictor_id),
        "other_id": str(predictor_id),
        "token_id": str(spare["id"]),
    }, session["session_id"]


async def _predictor(services: Services, submitter: httpx.AsyncClient, target: str) -> tuple[int, int]:
    """Published without having been fitted: what is in its file is nobody's concern here."""
    fit = await _answer(
        submitter.post("/v1/predictors", json={"project": OWNER, "space": "nasbench201", "target": target})
    )
    trained = Trained(
        content="",
        model="lut",
        explanation="",
        operators=0,
        networks=0,
        retest_error=None,
        cross_validated=None,
        tested=None,
        edgemeter_version="1.0.0",
    )
    empty = Snapshot(operators=(), training=(), tests=())

    def publish_now(connection: Connection) -> None:
        held = queueing.claim(connection, services.clock.now_us(connection))
        assert held is not None
        assert publish(connection, held, empty, trained, services.clock.now_us(connection))

    await services.database.write(publish_now)
    ended = await _answer(submitter.get(f"/v1/fits/{fit['id']}"))
    return ended["id"], ended["predictor_id"]


async def _uploaded(submitter: httpx.AsyncClient) -> str:
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 4))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 4))],
    )
    opsets = [helper.make_opsetid("", 17)]
    content = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    sha256 = hashlib.sha256(content).hexdigest()
    await _answer(
        submitter.put(
            f"/v1/artifacts/{sha256}",
            content=content,
            params={"project": OWNER},
            headers={"Content-Type": "application/octet-stream"},
        )
    )
    return sha256


async def _requested(submitter: httpx.AsyncClient, sha256: str, target: str, seed: int) -> dict[str, int]:
    item = {"artifact": sha256, "target": target, "spec": {"protocol": "survey", "seed": seed}}
    answer = await _answer(submitter.post("/v1/requests", json={"project": OWNER, "items": [item]}))
    request: dict[str, int] = answer["requests"][0]
    return request


async def _measured(agent: httpx.AsyncClient, session_id: int, sha256: str) -> int:
    claim = {"session_id": session_id, "claim_id": str(uuid.uuid4()), "wait_s": 0}
    [lease] = (await _answer(agent.post("/v1/agent/claims", json=claim)))["leases"]
    measurement = testing.measurement(Random(1), sha256, testing.conditions(Random(1)))
    report = {
        "attempt_id": lease["attempt_id"],
        "secret": lease["secret"],
        "outcome": {"result": "measured", "measurement": measurement.model_dump(mode="json")},
    }
    message = {"agent_version": "1.0.0", "seed": 1, "provenance": {}, "reports": [report]}
    [receipt] = (await _answer(agent.post("/v1/agent/reports", json=message)))["receipts"]
    return int(receipt["measurement_id"])


async def _answer(sent: Awaitable[httpx.Response]) -> dict[str, object]:
    answer = await sent
    assert answer.is_success, answer.text
    document: dict[str, object] = answer.json()
    return document
