"""Users, agents, expiry, crashes and lost replies in any order, against a model of the protocol.

EDGEMETER_TEST_STEPS makes it longer: so many steps of each of EDGEMETER_TEST_EXAMPLES stories; then a failure
is also made as short as it can be. Run that with `--timeout 0`.
"""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from edgemeter.targets import Precision, Target
from edgemeter.wire.access import Role
from edgemeter_server import faults
from edgemeter_server.app import create_app
from edgemeter_server.database.base import Database
from edgemeter_server.jobs.sweeping import sweep
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.services import Services
from edgemeter_server.settings import Settings
from edgemeter_server.testing import ManualClock, issue_token, make_services
from simulation.measuring import target_document

from .conftest import Document, Lab, failed, measured
from .protocol_model import GIVEN_BACK, LEASE_S, MALFORMED, Attempt, Job, Model, Request

EXAMPLES = {"sqlite": 12, "postgresql": 4}
STEPS = 40
DEVICES = ("one", "two")
ARTIFACTS = 4
_NUMBERS = count()


class CrashError(Exception):
    """The server ends here."""


@dataclass
class Bench:
    """The application, its clock, and a client of everyone who calls it."""

    runner: asyncio.Runner
    services: Services
    clock: ManualClock
    user: httpx.AsyncClient
    agents: dict[str, httpx.AsyncClient]
    lab: Lab

    def post(self, client: httpx.AsyncClient, path: str, message: Document, **headers: str) -> httpx.Response:
        return self.runner.run(client.post(path, json=message, headers=headers))

    def read(self, statement: Any) -> list[Any]:
        return self.runner.run(self.services.database.read(lambda c: list(c.execute(statement).all())))


#: How a call goes: once; answered, and sent again; the server dies before the commit, or just after it.
FATES = st.sampled_from(["", "", "", "again", "written", "committed"])
#: Counted from the newest.
PICK = st.integers(0, 6)
REPORTS = st.lists(st.tuples(PICK, st.sampled_from(["", "", GIVEN_BACK, MALFORMED])), min_size=1, max_size=3)


class ProtocolMachine(RuleBasedStateMachine):
    bench: Bench

    @initialize()
    def begin(self) -> None:
        """A target, devices' sessions and artifacts that no story before had."""
        number = next(_NUMBERS)
        self.model = Model()
        self.target = Target(f"t{number}", "cpu", "onnxruntime", "1.31", Precision.FP32)
        lab = self.bench.lab
        self.artifacts = self.bench.runner.run(lab.networks(ARTIFACTS, first=number * ARTIFACTS))
        self.leases: dict[int, Document] = {}
        for device in DEVICES:
            self._open(device, "")
        self.submit([(index, False) for index in range(ARTIFACTS)], "")
        self.claim(DEVICES[0], 2, False, 0, "")

    # Users

    @rule(
        items=st.lists(st.tuples(st.integers(0, ARTIFACTS - 1), st.booleans()), min_size=1, max_size=3),
        fate=FATES,
    )
    def submit(self, items: list[tuple[int, bool]], fate: str) -> None:
        wanted = [(self.artifacts[index], fresh) for index, fresh in items]
        message = {
            "items": [
                {"artifact": artifact, "target": self.target.slug, "fresh": fresh}
                for artifact, fresh in wanted
            ]
        }
        key = {"Idempotency-Key": uuid.uuid4().hex}
        answer = self._call(self.bench.user, "/v1/requests", message, f"request.{fate}", **key)
        assert answer.status_code == 201, answer.text
        expected = [self.model.joined(*each) for each in wanted]
        for (artifact, _), document, found in zip(wanted, answer.json()["requests"], expected, strict=True):
            job = self._job(document, artifact, found)
            self.model.requests.append(Request(document["id"], job))
            assert document["state"] == self.model.requests[-1].state

    @rule(pick=PICK, fate=FATES)
    def cancel(self, pick: int, fate: str) -> None:
        request = self.model.requests[-1 - pick % len(self.model.requests)]
        fate = fate.replace("written", "begin")
        path = f"/v1/requests/{request.id}/cancel"
        answer = self._call(self.bench.user, path, {}, f"cancel.{fate}")
        self.model.cancel(request)
        assert answer.json()["state"] == request.state

    # Agents

    @rule(device=st.sampled_from(DEVICES), up_to=st.integers(1, 3), old=st.booleans(), pick=PICK, fate=FATES)
    def claim(self, device: str, up_to: int, old: bool, pick: int, fate: str) -> None:
        """Under a new name, or again under one that some claim had before."""
        before = [attempt.claim_id for attempt in self._attempts([pick])] if old else []
        claim_id = before[0] if before else str(uuid.uuid4())
        message = {
            "session_id": self.model.live_session.get(device, 1),
            "claim_id": claim_id,
            "up_to": up_to,
            "wait_s": 0,
        }
        answer = self._call(self.bench.agents[device], "/v1/agent/claims", message, f"claim.{fate}")
        if self._is_closed(device, answer):
            return
        given = answer.json()["leases"]
        expected = self.model.claim(device, claim_id, up_to)
        assert [lease["job_id"] for lease in given] == [attempt.job.id for attempt in expected]
        for lease, attempt in zip(given, expected, strict=True):
            assert attempt.id in (0, lease["attempt_id"])
            attempt.id, attempt.secret = lease["attempt_id"], lease["secret"]
            self.leases[attempt.id] = lease

    @rule(device=st.sampled_from(DEVICES), picks=st.lists(PICK, min_size=1, max_size=3), fate=FATES)
    def renew(self, device: str, picks: list[int], fate: str) -> None:
        """Leases of anybody, held or lost long ago."""
        named = self._attempts(picks)
        held = [{"attempt_id": attempt.id, "secret": attempt.secret} for attempt in named]
        message = {"session_id": self.model.live_session.get(device, 1), "leases": held}
        answer = self._call(self.bench.agents[device], "/v1/agent/renewals", message, f"renew.{fate}")
        if self._is_closed(device, answer):
            return
        expected = [self.model.renew(device, attempt) for attempt in named]
        if set(expected) == {"lost"}:
            assert (answer.status_code, answer.json()["type"]) == (409, "/problems/lease-lost")
        else:
            assert [renewal["state"] for renewal in answer.json()["leases"]] == expected

    @rule(reports=REPORTS, fate=FATES)
    def report(self, reports: list[tuple[int, str]], fate: str) -> None:
        """By the device of the first of them: early, late, twice, in any order."""
        self._send(self._attempts([reports[0][0]])[0].device, reports, False, fate)

    @rule(device=st.sampled_from(DEVICES), reports=REPORTS, forged=st.booleans(), fate=FATES)
    def report_of_others(self, device: str, reports: list[tuple[int, str]], forged: bool, fate: str) -> None:
        """By anybody, perhaps without the secret."""
        self._send(device, reports, forged, fate)

    def _send(self, device: str, reports: list[tuple[int, str]], forged: bool, fate: str) -> None:
        named = self._attempts([pick for pick, _ in reports])
        pairs = list(zip(named, [failure or None for _, failure in reports], strict=True))
        message = {
            "agent_version": "1",
            "seed": 1,
            "provenance": {},
            "reports": [self._report(*pair, forged) for pair in pairs],
        }
        answer = self._call(self.bench.agents[device], "/v1/agent/reports", message, f"report.{fate}")
        assert answer.status_code == 200, answer.text
        for (attempt, failure), receipt in zip(pairs, answer.json()["receipts"], strict=True):
            believed = attempt.device == device and not forged
            told = self.model.report(attempt, failure) if believed else ("unknown", None, False)
            assert (receipt["state"], receipt["failure_kind"], receipt["retry"]) == told

    @rule(device=st.sampled_from(DEVICES), fate=FATES)
    def take_over(self, device: str, fate: str) -> None:
        self._open(device, fate)

    @rule(device=st.sampled_from(DEVICES), fate=st.sampled_from(["", "again"]))
    def close(self, device: str, fate: str) -> None:
        message = {"session_id": self.model.live_session.get(device, 1)}
        self._call(self.bench.agents[device], "/v1/agent/sessions/close", message, f"close.{fate}")
        self.model.end_session(device, GIVEN_BACK)

    # Time

    @rule(seconds=st.sampled_from([1, 4, 11, LEASE_S - 1, LEASE_S, 3 * LEASE_S]))
    def pass_time(self, seconds: int) -> None:
        self.bench.clock.advance(seconds)
        self.model.now_s += seconds

    @rule()
    def sweep(self) -> None:
        self.bench.runner.run(sweep(self.bench.services))
        self.model.sweep()

    @rule()
    def expire(self) -> None:
        """All leases run out, and what they held may be claimed at once."""
        self.pass_time(LEASE_S)
        self.sweep()
        self.pass_time(LEASE_S)

    @rule()
    def look(self) -> None:
        """What is stored is what the model has."""
        mine = [job.id for job in self.model.jobs]
        states = {row.id: row.state for row in self.bench.read(select(jobs).where(jobs.c.id.in_(mine)))}
        assert states == {job.id: job.state for job in self.model.jobs}
        tried = self.bench.read(select(attempts).where(attempts.c.job_id.in_(mine)))
        assert {row.id: row.state for row in tried} == {each.id: each.state for each in self.model.attempts}
        accepted = select(measurements.c.job_id).where(
            measurements.c.job_id.in_(mine), measurements.c.accepted
        )
        measured_ids = sorted(row.job_id for row in self.bench.read(accepted))
        assert measured_ids == sorted(job.id for job in self.model.jobs if job.measurement)

    def teardown(self) -> None:
        """When nothing fails any more, every job ends within three leases."""
        if not hasattr(self, "target"):
            return
        self.sweep()
        for device in DEVICES:
            self._open(device, "")
        for _ in range(3):
            self.pass_time(LEASE_S)
            while self._measure_some():
                pass
        assert not any(job.open for job in self.model.jobs)
        self.look()

    def _measure_some(self) -> bool:
        before = len(self.model.attempts)
        self.claim(DEVICES[0], 3, False, 0, "")
        new = len(self.model.attempts) - before
        if new:
            self._send(DEVICES[0], [(pick, "") for pick in range(new)], False, "")
        return bool(new)

    def _open(self, device: str, fate: str) -> None:
        offer = {
            "target": target_document(self.target).model_dump(mode="json"),
            "formats": ["onnx"],
            "fingerprint": {},
        }
        newest = self.bench.runner.run(self.bench.agents[device].get("/v1/agent/sessions/newest")).json()
        named = {"opening_id": str(uuid.uuid4()), "follows": newest["session_id"]}
        message = named | {"protocol_version": 1, "agent_version": "1", "description": {}, "offers": [offer]}
        point = f"session.{fate.replace('written', 'begin')}"
        answer = self._call(self.bench.agents[device], "/v1/agent/sessions", message, point)
        self.model.open_session(device, answer.json()["session_id"])

    def _call(
        self, client: httpx.AsyncClient, path: str, message: Document, point: str, **headers: str
    ) -> httpx.Response:
        """The answer that arrives at last."""
        if point.endswith((".begin", ".written", ".committed")):
            crash_once_at(point)
            lost = self.bench.post(client, path, message, **headers)
            faults.install(None)
            # Refused before it came to that point, or lost.
            assert lost.status_code in (409, 500), lost.text
        answer = self.bench.post(client, path, message, **headers)
        if not point.endswith(".again"):
            return answer
        again = self.bench.post(client, path, message, **headers)
        assert without_names(again) == without_names(answer)
        return again

    def _attempts(self, picks: list[int]) -> list[Attempt]:
        known = self.model.attempts
        return [known[-1 - pick % len(known)] for pick in picks]

    def _report(self, attempt: Attempt, failure: str | None, forged: bool) -> Document:
        outcome = (
            failed(failure, started=failure != GIVEN_BACK) if failure else measured(self.leases[attempt.id])
        )
        secret = "x" * 43 if forged else attempt.secret
        return {"attempt_id": attempt.id, "secret": secret, "outcome": outcome}

    def _job(self, document: Document, artifact: str, found: Job | str) -> Job | None:
        if found == "stored":
            assert document["job_id"] is None
            return None
        known = next((job for job in self.model.jobs if job.id == document["job_id"]), None)
        if known is None:
            assert found == "new"
            known = Job(document["job_id"], artifact, 0, self.model.now_s)
            self.model.jobs.append(known)
        assert known.artifact == artifact
        assert known.open
        known.wanted += 1
        return known

    def _is_closed(self, device: str, answer: httpx.Response) -> bool:
        closed = device not in self.model.live_session
        refused = answer.status_code == 409 and answer.json()["type"] == "/problems/session-closed"
        assert closed == refused, answer.text
        return closed


def crash_once_at(name: str) -> None:
    def hook(point: str) -> None:
        if point == name:
            faults.install(None)
            raise CrashError

    faults.install(hook)


def without_names(answer: httpx.Response) -> Any:
    """What a repeated answer has in common with the first: all but its own id."""
    told = answer.json() if answer.content else None
    if isinstance(told, dict):
        told = {name: value for name, value in told.items() if name != "id"}
    return answer.status_code, told


async def opened(open_database: Callable[[], Database], folder: Path, closing: AsyncExitStack) -> Any:
    database = open_database()
    closing.push_async_callback(database.close)
    clock = ManualClock()
    chosen = Settings(data_folder=folder, auto_approve=True, requests_per_minute=10**9)
    services = await closing.enter_async_context(make_services(database, folder, clock, settings=chosen))
    app = create_app(services)

    async def client_of(role: Role, **whose: Any) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {await issue_token(services, role, **whose)}"}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)
        return await closing.enter_async_context(client)

    user = await client_of(Role.SUBMITTER)
    agents = {device: await client_of(Role.AGENT, device=device) for device in DEVICES}
    return services, clock, user, agents


@pytest.fixture
def bench(open_database: Callable[[], Database], tmp_path: Path) -> Iterator[Bench]:
    with asyncio.Runner() as runner:
        closing = AsyncExitStack()
        services, clock, user, agents = runner.run(opened(open_database, tmp_path / "data", closing))
        nobody: Callable[..., Awaitable[httpx.AsyncClient]] = lambda *_: asyncio.sleep(0, user)  # noqa: E731
        yield Bench(runner, services, clock, user, agents, Lab(services, nobody, user))
        faults.install(None)
        runner.run(closing.aclose())


def test_nothing_differs_from_the_model(bench: Bench, request: pytest.FixtureRequest) -> None:
    machine = type("Machine", (ProtocolMachine,), {"bench": bench})
    examples = EXAMPLES[bench.services.database.dialect]
    longer = {"EDGEMETER_TEST_EXAMPLES", "EDGEMETER_TEST_STEPS"} & set(os.environ)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("EDGEMETER_TEST_EXAMPLES", examples)),
            stateful_step_count=int(os.environ.get("EDGEMETER_TEST_STEPS", STEPS)),
            phases=[Phase.generate, Phase.shrink] if longer else [Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
