"""Who talks to the server: an admin who asks, and a device's agent; and what they were promised."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import httpx
from onnx import TensorProto, helper

from edgemeter.targets import Precision, Target
from edgemeter.wire.agents import PROTOCOL_VERSION, Lease
from simulation.measuring import measured, target_document

from .service import Service

Document = dict[str, Any]
DEVICE = "box"
TARGET = Target(DEVICE, "cpu", "onnxruntime", "1.31", Precision.FP32)


def network(number: int) -> bytes:
    """A valid one, another for each number."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 16)) for name in ("x", "y")]
    node = helper.make_node("Relu", ["x"], ["y"], name=f"node {number}")
    model = helper.make_model(helper.make_graph([node], "network", ends[:1], ends[1:]), ir_version=9)
    return bytes(model.SerializeToString())


def good(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


class World:
    """`acknowledged` are the requests that the server has said it has."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.admin = service.client()
        self.agent = service.client(self._enrolled())
        self.session_id = good(self.open_session(str(uuid.uuid4())))["session_id"]
        self.acknowledged: list[int] = []
        self.artifact = hashlib.sha256(network(0)).hexdigest()
        good(self.upload(network(0)))

    def upload(self, content: bytes) -> httpx.Response:
        path = f"/v1/artifacts/{hashlib.sha256(content).hexdigest()}"
        return self.admin.put(path, params={"project": "default", "name": "n.onnx"}, content=content)

    def submit(self, key: str) -> httpx.Response:
        item = {"artifact": self.artifact, "target": TARGET.slug, "fresh": True, "label": key}
        return self.admin.post("/v1/requests", json={"items": [item]}, headers={"Idempotency-Key": key})

    def requested(self) -> Document:
        """A request that was accepted."""
        [document] = good(self.submit(uuid.uuid4().hex))["requests"]
        self.acknowledged.append(document["id"])
        found: Document = document
        return found

    def open_session(self, opening_id: str) -> httpx.Response:
        offer = {
            "target": target_document(TARGET).model_dump(mode="json"),
            "formats": ["onnx"],
            "fingerprint": {},
        }
        follows = good(self.agent.get("/v1/agent/sessions/newest"))["session_id"]
        message = {"protocol_version": PROTOCOL_VERSION, "agent_version": "1", "description": {}}
        named = {"opening_id": opening_id, "follows": follows, "offers": [offer]}
        return self.agent.post("/v1/agent/sessions", json=message | named)

    def claim(self, claim_id: str, up_to: int = 1) -> httpx.Response:
        message = {"session_id": self.session_id, "claim_id": claim_id, "up_to": up_to, "wait_s": 0}
        return self.agent.post("/v1/agent/claims", json=message)

    def claimed(self) -> Document:
        """The lease of the one job that is pending."""
        [lease] = good(self.claim(str(uuid.uuid4())))["leases"]
        found: Document = lease
        return found

    def renew(self, lease: Document) -> httpx.Response:
        held = {name: lease[name] for name in ("attempt_id", "secret")}
        return self.agent.post("/v1/agent/renewals", json={"session_id": self.session_id, "leases": [held]})

    def report(self, lease: Document) -> httpx.Response:
        measurement = measured(Lease.model_validate(lease), Random(lease["attempt_id"]))
        outcome = {"result": "measured", "measurement": measurement.model_dump(mode="json")}
        report = {"attempt_id": lease["attempt_id"], "secret": lease["secret"], "outcome": outcome}
        message = {"agent_version": "1", "seed": 1, "provenance": {}, "reports": [report]}
        return self.agent.post("/v1/agent/reports", json=message)

    def job(self, job_id: int) -> Document:
        document: Document = good(self.admin.get(f"/v1/jobs/{job_id}"))
        return document

    def pages(self, path: str) -> Sequence[Document]:
        """All of a list."""
        items: list[Document] = []
        params: dict[str, str | int] = {"limit": 100}
        while True:
            page = good(self.admin.get(path, params=params))
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            params["cursor"] = page["next_cursor"]

    def check_nothing_is_lost(self) -> None:
        """Each request that was acknowledged has ended, each job that was measured has one measurement."""
        listed = {row["id"]: row for row in self.pages("/v1/requests")}
        accepted = Counter(row["job_id"] for row in self.pages("/v1/measurements") if row["accepted"])
        mine = [listed[request_id] for request_id in self.acknowledged]
        assert {row["state"] for row in mine} <= {"done", "cancelled"}
        assert accepted == Counter({row["job_id"]: 1 for row in listed.values() if row["state"] == "done"})

    def _enrolled(self) -> str:
        wanted = {"name": DEVICE, "role": "enrolment", "device": DEVICE}
        once = good(self.admin.post("/v1/tokens", json=wanted))["token"]
        headers = {"authorization": f"Bearer {once}"}
        return str(
            good(self.admin.post("/v1/agent/enrol", json={"device": DEVICE}, headers=headers))["token"]
        )
