"""Calls that change something, each with how to see that it had one effect however often it was sent."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from .world import DEVICE, World, good, network


@dataclass(frozen=True)
class Call:
    """What the client sends until it is answered; `check` looks at two answers, and ends what was begun."""

    send: Callable[[], httpx.Response]
    check: Callable[[Any, Any], None]


def request(world: World) -> Call:
    key = uuid.uuid4().hex

    def check(first: Any, again: Any) -> None:
        assert first == again
        [document] = first["requests"]
        world.acknowledged.append(document["id"])
        assert [row["id"] for row in world.pages("/v1/requests") if row["label"] == key] == [document["id"]]
        lease = world.claimed()
        assert lease["job_id"] == document["job_id"]
        good(world.report(lease))

    return Call(lambda: world.submit(key), check)


def claim(world: World) -> Call:
    job_id, claim_id = world.requested()["job_id"], str(uuid.uuid4())

    def check(first: Any, again: Any) -> None:
        assert first["leases"] == again["leases"]
        [lease] = first["leases"]
        assert [attempt["state"] for attempt in world.job(job_id)["attempts"]] == ["live"]
        good(world.report(lease))

    return Call(lambda: world.claim(claim_id), check)


def renew(world: World) -> Call:
    world.requested()
    lease = world.claimed()

    def check(first: Any, again: Any) -> None:
        assert first == again
        assert [held["state"] for held in first["leases"]] == ["renewed"]
        good(world.report(lease))

    return Call(lambda: world.renew(lease), check)


def report(world: World) -> Call:
    world.requested()
    lease = world.claimed()

    def check(first: Any, again: Any) -> None:
        assert first == again
        [receipt] = first["receipts"]
        assert receipt["state"] == "accepted"
        assert world.job(lease["job_id"])["measurement_id"] == receipt["measurement_id"]

    return Call(lambda: world.report(lease), check)


def cancel(world: World) -> Call:
    document = world.requested()
    lease = world.claimed()

    def check(first: Any, again: Any) -> None:
        assert first == again
        assert first["state"] == "cancelled"
        [held] = good(world.renew(lease))["leases"]
        assert held["state"] == "cancelled"

    return Call(lambda: world.admin.post(f"/v1/requests/{document['id']}/cancel"), check)


def session(world: World) -> Call:
    world.requested()
    lease = world.claimed()
    opening_id = str(uuid.uuid4())

    def check(first: Any, again: Any) -> None:
        assert first["session_id"] == again["session_id"] > world.session_id
        world.session_id = again["session_id"]
        assert good(world.admin.get(f"/v1/devices/{DEVICE}"))["agent"]["session_id"] == world.session_id
        [receipt] = good(world.report(lease))["receipts"]
        assert receipt["state"] == "accepted", "what the former session measured is not lost"

    return Call(lambda: world.open_session(opening_id), check)


def upload(world: World) -> Call:
    content = network(uuid.uuid4().int)
    sha256 = hashlib.sha256(content).hexdigest()

    def check(first: Any, again: Any) -> None:
        assert first == again
        assert world.admin.get(f"/v1/artifacts/{sha256}/content").content == content
        assert [row["sha256"] for row in world.pages("/v1/artifacts")].count(sha256) == 1

    return Call(lambda: world.upload(content), check)


CALLS = {each.__name__: each for each in (request, claim, renew, report, cancel, session, upload)}
