"""Agents without a measuring machine: sessions, claims and reports as the protocol has them."""

import json
import uuid
from typing import Any

from benchmarks.service.http import Connection
from benchmarks.service.sizes import TOGETHER
from edgemeter.targets import Precision, Target
from edgemeter.wire.agents import PROTOCOL_VERSION
from edgemeter_server.measurements.testing import TARGET
from simulation.measuring import target_document

#: Offered by those that only wait: it never has a job.
IDLE_TARGET = Target("idle", "cpu", "onnxruntime", "1.31", Precision.FP32)


class Agent:
    def __init__(self, connection: Connection, session_id: int) -> None:
        self.connection = connection
        self._session_id = session_id

    @classmethod
    async def join(cls, url: str, token: str, target: Target = TARGET) -> "Agent":
        connection = await Connection.open(url, token)
        document = target_document(target).model_dump(mode="json")
        offer = {"target": document, "formats": ["onnx"], "fingerprint": {}}
        message = {
            "protocol_version": PROTOCOL_VERSION,
            "agent_version": "1",
            "opening_id": str(uuid.uuid4()),
            "follows": (await connection.get("/v1/agent/sessions/newest"))["session_id"],
            "description": {},
            "offers": [offer],
        }
        opened = await connection.post("/v1/agent/sessions", message)
        return cls(connection, opened["session_id"])

    async def claim(self, wait_s: float = 0) -> bytes:
        message = {
            "session_id": self._session_id,
            "claim_id": str(uuid.uuid4()),
            "up_to": TOGETHER,
            "wait_s": wait_s,
        }
        return await self.connection.call("POST", "/v1/agent/claims", json.dumps(message).encode())

    async def report(self, body: bytes) -> bytes:
        return await self.connection.call("POST", "/v1/agent/reports", body)


def leases_of(answer: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer)["leases"]
    return found
