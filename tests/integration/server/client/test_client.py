"""`AsyncClient` against the whole service, and an agent that answers what it asks for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from onnx import TensorProto, helper
from pydantic import SecretStr

from edgemeter.client import AsyncClient, ClientError, ClientSettings, NoTargetError
from edgemeter.client.planning import Wishes
from edgemeter.failures import FailureError
from edgemeter.measurement import TargetDocument
from edgemeter.targets import Target
from edgemeter.wire.access import Role
from edgemeter.wire.agents import PROTOCOL_VERSION
from edgemeter.wire.problems import ProblemError
from edgemeter.wire.requests import RequestState
from edgemeter.wire.specs import JobSpec
from edgemeter_server.measurements.testing import TARGET, conditions, measurement, provenance
from edgemeter_server.services import Services
from edgemeter_server.testing import issue_token

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]
As = Callable[..., Awaitable[AsyncClient]]
SURVEY = Wishes(spec=JobSpec(protocol="survey"))
DEVICE = "board-1"


def network(folder: Path, number: int) -> Path:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"], name=f"add {number}")],
        "network",
        [value("x", TensorProto.FLOAT, (1, 4))],
        [value("y", TensorProto.FLOAT, (1, 4))],
    )
    file = folder / f"network{number}.onnx"
    opsets = [helper.make_opsetid("", 17)]
    file.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())
    return file


@pytest.fixture
async def client_as(services: Services, app: FastAPI) -> AsyncIterator[As]:
    opened: list[AsyncClient] = []

    async def make(role: Role, project: str = "default") -> AsyncClient:
        token = await issue_token(services, role, project=project)
        settings = ClientSettings(url="http://testserver", token=SecretStr(token))
        opened.append(AsyncClient(settings=settings, transport=httpx.ASGITransport(app)))
        return opened[-1]

    yield make
    for client in opened:
        await client.close()


class Board:
    """An agent's conversation, without measuring anything."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._session_id = 0

    async def say(self, path: str, message: dict[str, Any]) -> dict[str, Any]:
        reply = await self._http.post(f"/v1/agent/{path}", json=message)
        assert reply.is_success, reply.text
        document: dict[str, Any] = reply.json()
        return document

    async def open(self, target: Target = TARGET) -> None:
        fields = {name: getattr(target, name) for name in Target.__dataclass_fields__}
        document = TargetDocument(slug=target.slug, **fields).model_dump(mode="json")
        offer = {"target": document, "formats": ["onnx"], "fingerprint": {"kernel": "6"}}
        opened = await self.say(
            "sessions",
            {
                "protocol_version": PROTOCOL_VERSION,
                "agent_version": "1",
                "opening_id": str(uuid4()),
                "description": {"model": "a board"},
                "offers": [offer],
            },
        )
        self._session_id = opened["session_id"]

    async def answer_all(self) -> None:
        claim = {"session_id": self._session_id, "claim_id": str(uuid4()), "up_to": 16, "wait_s": 0}
        leases = (await self.say("claims", claim))["leases"]
        random = Random(1)
        reports = [
            {
                "attempt_id": lease["attempt_id"],
                "secret": lease["secret"],
                "outcome": {
                    "result": "measured",
                    "measurement": measurement(
                        random, lease["artifact"]["sha256"], conditions(random)
                    ).model_dump(mode="json"),
                },
            }
            for lease in leases
        ]
        if reports:
            await self.say(
                "reports",
                {"agent_version": "1", "seed": 0, "provenance": provenance(), "reports": reports},
            )


@pytest.fixture
async def board(client_of: ClientOf, client_as: As) -> Board:
    board = Board(await client_of(Role.AGENT, device=DEVICE))
    await board.open()
    admin = await client_as(Role.ADMIN)
    await admin.approve_targets(DEVICE)
    return board


async def test_me_says_whose_token_it_is(client_as: As) -> None:
    identity = await (await client_as(Role.SUBMITTER)).me()
    assert (identity.role, identity.project) == (Role.SUBMITTER, "default")


async def test_submit_measure_and_the_stored_answer(client_as: As, board: Board, tmp_path: Path) -> None:
    client = await client_as(Role.SUBMITTER)
    files = [network(tmp_path, number) for number in range(3)]
    told: list[str] = []
    asked = await client.submit(files, "onnxruntime", wishes=SURVEY, note=told.append)
    assert [document.name for document in asked] == [file.name for file in files]
    assert told == [f"{file.name}: handed in" for file in files]
    await board.answer_all()
    ended = [document async for document in client.wait(document.id for document in asked)]
    assert {document.state for document in ended} == {RequestState.DONE}

    estimate = await client.measure(files[0], "board-4c.onnxruntime", wishes=SURVEY, timeout_s=10)
    assert estimate.how == "stored"
    assert estimate.interval.low_ms <= estimate.latency_ms <= estimate.interval.high_ms
    rows = [row async for row in client.measurements(target=TARGET.slug)]
    assert len(rows) == 3
    record = await client.measurement(estimate.measurement_id)
    assert record.measurement.visits
    assert (await client.measure_all(files, "onnxruntime", wishes=SURVEY)).rows()[2]["how"] == "stored"


async def test_lists_are_whole_whatever_the_pages(client_as: As, board: Board, tmp_path: Path) -> None:
    client = await client_as(Role.SUBMITTER)
    files = [network(tmp_path, number) for number in range(5)]
    asked = await client.submit(files, "onnxruntime")
    listed = [document.id async for document in client.requests()]
    assert sorted(listed) == sorted(document.id for document in asked)
    assert len([artifact async for artifact in client.artifacts()]) == 5
    assert [row.slug async for row in client.targets()] == [TARGET.slug]
    assert len([job async for job in client.jobs()]) == 5


async def test_cancelling_ends_a_request(client_as: As, board: Board, tmp_path: Path) -> None:
    client = await client_as(Role.SUBMITTER)
    (asked,) = await client.submit([network(tmp_path, 1)], "onnxruntime")
    assert (await client.cancel(asked.id)).state is RequestState.CANCELLED
    (ended,) = [document async for document in client.wait([asked.id])]
    assert ended.state is RequestState.CANCELLED


async def test_a_file_that_is_no_network_is_told(client_as: As, board: Board, tmp_path: Path) -> None:
    file = tmp_path / "broken.onnx"
    file.write_bytes(b"\x08\x07" + b"nonsense" * 10)
    client = await client_as(Role.SUBMITTER)
    with pytest.raises((FailureError, ProblemError)):
        await client.measure(file, "onnxruntime")


async def test_words_that_fit_nothing_are_told(client_as: As, board: Board, tmp_path: Path) -> None:
    client = await client_as(Role.SUBMITTER)
    with pytest.raises(NoTargetError, match=TARGET.slug):
        await client.measure(network(tmp_path, 1), "tensorrt")
    with pytest.raises(ClientError, match="no file"):
        await client.measure("0" * 64, "onnxruntime")


async def test_the_devices_of_an_admin(client_as: As, board: Board, tmp_path: Path) -> None:
    admin = await client_as(Role.ADMIN)
    (device,) = [device async for device in admin.devices()]
    assert device.targets[0].approved
    changed = await admin.change_device(DEVICE, health="maintenance", reason="a new fan")
    assert (changed.health, changed.health_reason) == ("maintenance", "a new fan")
    assert (await admin.device(DEVICE)).health == "maintenance"
    told: list[str] = []
    await admin.submit([network(tmp_path, 1)], "onnxruntime", note=told.append)
    assert told[1] == f"no device offers {TARGET.slug} now: what is not stored waits for one"


async def test_projects_and_tokens_of_an_admin(client_as: As) -> None:
    admin = await client_as(Role.ADMIN)
    await admin.create_project("secret", private=True)
    issued = await admin.create_token("ci", Role.SUBMITTER, project="secret")
    assert issued.token
    assert "secret" in [project.slug async for project in admin.projects()]
    await admin.revoke_token(issued.id)
    revoked = [token async for token in admin.tokens() if token.id == issued.id]
    assert revoked[0].revoked_at is not None
    enrolment = await admin.create_token("board", Role.ENROLMENT, device="board-2")
    assert enrolment.expires_at is not None


async def test_a_viewer_is_refused_by_type(client_as: As, tmp_path: Path) -> None:
    viewer = await client_as(Role.VIEWER)
    with pytest.raises(ProblemError) as caught:
        await viewer.upload(network(tmp_path, 1))
    assert caught.value.kind == "forbidden"
