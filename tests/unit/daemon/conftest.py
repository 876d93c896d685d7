"""Leases, replies and a machine to hand them to."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from edgemeter.wire.agents import Claimed, Lease, Renewal, Renewed, SessionOpened
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.specs import JobSpec
from edgemeter_agents.daemon.machine import Machine, Terms

LEASE_S = 60.0


@pytest.fixture
def lease() -> Callable[..., Lease]:
    return make_lease


def make_lease(attempt_id: int = 1, **changes: Any) -> Lease:
    spec = JobSpec(protocol="survey")
    fields: dict[str, Any] = {
        "attempt_id": attempt_id,
        "secret": f"{attempt_id:043d}",
        "job_id": 1000 + attempt_id,
        "number": 1,
        "target": "box-2c.cpu.onnxruntime-1.31.fp32.t1.b1",
        "artifact": ArtifactReference(sha256=f"{attempt_id:064x}", size_bytes=4, format="onnx", name="net"),
        "spec": spec,
        "protocol_digest": spec.measuring_protocol().digest(),
    }
    return Lease(**{**fields, **changes})


def opened(session_id: int = 7) -> SessionOpened:
    return SessionOpened(session_id=session_id, device="box", lease_s=LEASE_S, renew_every_s=20.0, offers=())


def claimed(*leases: Lease) -> Claimed:
    return Claimed(leases=leases, lease_s=LEASE_S)


def renewed(**states: str) -> Renewed:
    """`a1="renewed"` for attempt 1."""
    leases = tuple(Renewal(attempt_id=int(name[1:]), state=state) for name, state in states.items())
    return Renewed(lease_s=LEASE_S, leases=leases)


@pytest.fixture
def machine() -> Machine:
    return Machine(Terms(), random.Random(1))
