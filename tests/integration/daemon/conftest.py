"""A server that speaks the agent protocol over a real socket, does as it is told, and remembers."""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from edgemeter.wire.agents import (
    Claim,
    Claimed,
    CloseSession,
    Enrol,
    Enrolled,
    Lease,
    NewestSession,
    OpenSession,
    Receipt,
    Renew,
    Renewal,
    Renewed,
    ReportBatch,
    Reported,
    SessionOpened,
)
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.problems import BASE, Problem
from edgemeter.wire.specs import JobSpec

T = TypeVar("T")
TOKEN = "em_agent_of_the_test"  # noqa: S105
#: Long enough for every wait of these tests on a busy machine.
PATIENCE_S = 200.0


@dataclass
class Drop:
    """The request is carried out; its answer never arrives."""


@dataclass
class Refuse:
    """The request is not carried out."""

    kind: str
    status: int


@dataclass
class Cut:
    """Only so many bytes of a file arrive."""

    after_bytes: int


@dataclass
class Script:
    """`faults` are used up one by one, in order, by calls of a path."""

    lease_s: float = 60.0
    queue: list[Lease] = field(default_factory=list)
    claims: dict[str, tuple[Lease, ...]] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Drop | Refuse | Cut]] = field(default_factory=lambda: defaultdict(list))
    states: dict[int, str] = field(default_factory=dict)  #: what renewals are told
    sessions: list[OpenSession] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    claimed: list[Claim] = field(default_factory=list)
    reports: list[ReportBatch] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, condition: Callable[["Script"], Any]) -> Any:
        """What it says as soon as it is true."""
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), PATIENCE_S), self.calls
            return condition(self)

    def add(self, content: bytes, attempt_id: int, target: str, spec: JobSpec | None = None) -> Lease:
        """Puts a job into the queue whose network has this content."""
        spec = spec or JobSpec(protocol="survey", settings={"contended_share": 10.0})
        sha256 = hashlib.sha256(content).hexdigest()
        lease = Lease(
            attempt_id=attempt_id,
            secret=f"{attempt_id:043d}",
            job_id=attempt_id,
            number=1,
            target=target,
            artifact=ArtifactReference(
                sha256=sha256, size_bytes=len(content), format="onnx", name="net.onnx"
            ),
            spec=spec,
            protocol_digest=spec.measuring_protocol().digest(),
        )
        with self.changed:
            self.artifacts[sha256] = content
            self.queue.append(lease)
            self.changed.notify_all()
        return lease

    def slug(self, runtime: str = "onnxruntime") -> str:
        """The float target of a runtime, as the agent offers it."""
        offers = self.wait_for(lambda script: script.sessions)[-1].offers
        found = [
            o.target.slug for o in offers if o.target.runtime == runtime and o.target.precision == "fp32"
        ]
        return str(found[0])

    # What the server does

    def open(self, message: OpenSession) -> SessionOpened:
        self.sessions.append(message)
        return SessionOpened(
            session_id=len(self.sessions),
            device="box",
            lease_s=self.lease_s,
            renew_every_s=self.lease_s / 3,
            offers=(),
        )

    def claim(self, message: Claim) -> Claimed:
        self.claimed.append(message)
        id_ = str(message.claim_id)
        if id_ not in self.claims:
            self.changed.wait_for(lambda: self.queue, message.wait_s)
            given = tuple(self.queue[: message.up_to])
            del self.queue[: message.up_to]
            self.claims[id_] = given
        return Claimed(leases=self.claims[id_], lease_s=self.lease_s)

    def renew(self, message: Renew) -> Renewed:
        leases = tuple(
            Renewal(attempt_id=held.attempt_id, state=self.states.get(held.attempt_id, "renewed"))  # type: ignore[arg-type]
            for held in message.leases
        )
        return Renewed(lease_s=self.lease_s, leases=leases)

    def report(self, message: ReportBatch) -> Reported:
        self.reports.append(message)
        receipts = tuple(Receipt(attempt_id=r.attempt_id, state="accepted") for r in message.reports)
        return Reported(receipts=receipts)

    def close(self, message: CloseSession) -> None:
        self.closed.append(message.session_id)

    def enrol(self, message: Enrol) -> Enrolled:
        return Enrolled(device=message.device, token=TOKEN)


_POSTS: dict[str, tuple[type[BaseModel], str]] = {
    "/v1/agent/enrol": (Enrol, "enrol"),
    "/v1/agent/sessions": (OpenSession, "open"),
    "/v1/agent/sessions/close": (CloseSession, "close"),
    "/v1/agent/claims": (Claim, "claim"),
    "/v1/agent/renewals": (Renew, "renew"),
    "/v1/agent/reports": (ReportBatch, "report"),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        model, name = _POSTS[self.path]
        with self.script.changed:
            fault = self._fault(self.path)
            if isinstance(fault, Refuse):
                self.script.changed.notify_all()
                self._refuse(fault)
                return
            answer = getattr(self.script, name)(model.model_validate_json(body))
            self.script.calls.append(name)
            self.script.changed.notify_all()
        if isinstance(fault, Drop):
            self.close_connection = True
            return
        self._send(200, b"" if answer is None else answer.model_dump_json().encode())

    def do_GET(self) -> None:
        if self.path == "/v1/agent/sessions/newest":
            newest = NewestSession(session_id=len(self.script.sessions) or None)
            self._send(200, newest.model_dump_json().encode())
            return
        sha256 = self.path.split("/")[3]
        content = self.script.artifacts.get(sha256)
        asked = self.headers.get("Range")
        with self.script.changed:
            self.script.ranges.append(asked)
            fault = self._fault("content")
        if content is None:
            self._refuse(Refuse("not-found", 404))
        elif isinstance(fault, Refuse):
            self._refuse(fault)
        else:
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            self._send(206 if asked else 200, content[start:], fault)

    def _fault(self, path: str) -> Drop | Refuse | Cut | None:
        waiting = self.script.faults[path]
        return waiting.pop(0) if waiting else None

    def _refuse(self, fault: Refuse) -> None:
        problem = Problem(type=BASE + fault.kind, title=fault.kind, status=fault.status)
        self._send(fault.status, problem.model_dump_json().encode())

    def _send(self, status: int, body: bytes, fault: object = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if isinstance(fault, Cut):
            body = body[: fault.after_bytes]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """An agent that is killed leaves broken pipes behind."""


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def server(script: Script) -> Iterator[str]:
    """The address of a server that follows `script`."""
    handler = type("Handler", (_Handler,), {"script": script})
    running = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


StartAgent = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start_agent(server: str, tmp_path: Path) -> Iterator[StartAgent]:
    """Starts `edgemeter agent` with a state folder of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "EDGEMETER_AGENT_TOKEN": ""
            if "--enrol" in options or (tmp_path / "state/token.json").exists()
            else TOKEN,
        }
        command = [sys.executable, "-m", "edgemeter", "agent", "--server", server, "--allow-root", "--json"]
        log = (tmp_path / "agent.log").open("ab")
        process = subprocess.Popen(
            [*command, "--state", str(tmp_path / "state"), *options], env=environment, stderr=log
        )
        log.close()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def terminate(process: subprocess.Popen[Any]) -> float:
    """Seconds until it has ended after SIGTERM."""
    began_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE_S)
    return time.monotonic() - began_s


def children(pid: int) -> set[int]:
    found: set[int] = set()
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found |= set(map(int, listed.read_text().split()))
    return found


def below(pid: int) -> set[int]:
    """All processes that descend from `pid`."""
    return children(pid).union(*(below(child) for child in children(pid)))


def depth(pid: int) -> int:
    """How far the processes below `pid` go down: agent, worker, nursery, supervisor, network are 4."""
    return max((1 + depth(child) for child in children(pid)), default=0)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], T]) -> T:
    """What it says as soon as it is true. Nothing tells of other processes' states but looking."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    return found
