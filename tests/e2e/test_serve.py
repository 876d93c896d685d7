"""`edgemeter serve` as a real process."""

import json
import os
import signal
import stat
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from edgemeter.wire.agents import PROTOCOL_VERSION

from .conftest import EDGEMETER


@dataclass(frozen=True, slots=True)
class Running:
    process: subprocess.Popen[str]
    url: str
    told: dict[str, Any]
    folder: Path

    def client(self) -> httpx.Client:
        token = (self.folder / "admin-token").read_text().strip()
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {token}"}, timeout=60)


Serve = Callable[..., Any]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGEMETER_")}

    @contextmanager
    def running(folder: Path = tmp_path / "data", *words: str) -> Iterator[Running]:
        command = [str(EDGEMETER), "serve", "--json", "--port", "0", "--data-folder", str(folder), *words]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            try:
                assert line, process.stderr and process.stderr.read()
                told = json.loads(line)
                yield Running(process, told["url"], told, folder)
            finally:
                process.terminate()
                process.communicate(timeout=20)

    return running


def test_it_starts_answers_and_ends_in_order(serve: Serve) -> None:
    with serve() as server:
        assert server.told["pid"] == server.process.pid
        assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{server.url}/readyz").json() == {"status": "ok"}
        with server.client() as client:
            assert client.get("/v1/me").json()["role"] == "admin"
            metrics = client.get("/metrics").text
        assert 'edgemeter_http_requests_total{method="GET",route="/v1/me",status="200"} 1.0' in metrics
        assert "edgemeter_database_bytes" in metrics
        server.process.send_signal(signal.SIGTERM)
        _, log = server.process.communicate(timeout=20)
    assert server.process.returncode == 0, log
    token = (server.folder / "admin-token").read_text().strip()
    assert token not in log
    assert (server.folder / "server-key").read_text().strip() not in log


def test_what_is_secret_is_private(serve: Serve) -> None:
    with serve() as server:
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in (server.folder, *server.folder.glob("*"))
        }
    assert modes["data"] == 0o700
    assert modes["admin-token"] == modes["server-key"] == 0o600
    assert server.told["admin_token_file"] == str(server.folder / "admin-token")


def test_a_restart_keeps_key_and_token(serve: Serve) -> None:
    with serve() as server, server.client() as client:
        assert client.post("/v1/projects", json={"slug": "kept"}).status_code == 201
        key = (server.folder / "server-key").read_text()
    with serve() as server, server.client() as client:
        assert server.told["admin_token_file"] is None
        assert "kept" in {row["slug"] for row in client.get("/v1/projects").json()["items"]}
        assert (server.folder / "server-key").read_text() == key


def test_a_second_server_of_the_folder_is_refused(serve: Serve) -> None:
    with serve() as server:
        command = [str(EDGEMETER), "serve", "--port", "0", "--data-folder", str(server.folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "another EdgeMeter server uses this data folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told(serve: Serve, tmp_path: Path) -> None:
    with serve() as server:
        port = server.url.rpartition(":")[2]
        command = [str(EDGEMETER), "serve", "--port", port, "--data-folder", str(tmp_path / "other")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr


def test_long_polls_end_with_the_server(serve: Serve) -> None:
    with serve() as server, server.client() as admin:
        wanted = {"name": "a", "role": "enrolment", "device": "rack-1"}
        enrolment = admin.post("/v1/tokens", json=wanted).json()["token"]
        enrolled = httpx.post(
            f"{server.url}/v1/agent/enrol",
            json={"device": "rack-1"},
            headers={"authorization": f"Bearer {enrolment}"},
        ).json()
        agent = httpx.Client(
            base_url=server.url, headers={"authorization": f"Bearer {enrolled['token']}"}, timeout=60
        )
        opening = {
            "protocol_version": PROTOCOL_VERSION,
            "agent_version": "1",
            "description": {},
            "offers": [],
        }
        session_id = agent.post("/v1/agent/sessions", json=opening).json()["session_id"]
        claim = {"session_id": session_id, "claim_id": str(uuid.uuid4()), "wait_s": 50}
        answers: list[httpx.Response] = []
        waiting = threading.Thread(target=lambda: answers.append(agent.post("/v1/agent/claims", json=claim)))
        waiting.start()
        while "edgemeter_http_open_requests 2.0" not in admin.get("/metrics").text:
            pass
        server.process.send_signal(signal.SIGTERM)
        waiting.join(20)
        server.process.wait(20)
        agent.close()
    assert [answer.json()["leases"] for answer in answers] == [[]]
    assert server.process.returncode == 0


def test_json_logs_have_one_object_a_line_and_one_id(serve: Serve) -> None:
    with serve(Path("logged"), "--log-format", "json") as server:
        name = "from-the-test-1"
        reply = httpx.get(f"{server.url}/v1/me", headers={"x-request-id": name})
        assert (reply.status_code, reply.json()["id"]) == (401, name)
        server.process.send_signal(signal.SIGTERM)
        _, log = server.process.communicate(timeout=20)
    lines = [json.loads(line) for line in log.splitlines()]
    (answered,) = [line for line in lines if line.get("request_id") == name]
    assert (answered["event"], answered["status"]) == ("request", 401)


def test_oversize_heads_are_refused(serve: Serve) -> None:
    with serve() as server:
        try:
            reply = httpx.get(f"{server.url}/healthz", headers={"x-long": "x" * 1_000_000})
            assert reply.status_code == 431
        except httpx.TransportError:
            pass  # the connection was cut before all of it was sent
        assert httpx.get(f"{server.url}/healthz").status_code == 200
