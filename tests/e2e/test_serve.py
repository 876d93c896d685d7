"""`edgemeter serve` as a real process."""

import ipaddress
import json
import os
import signal
import ssl
import stat
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edgemeter.wire.agents import PROTOCOL_VERSION

from .conftest import EDGEMETER

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("EDGEMETER_")}


@dataclass(frozen=True, slots=True)
class Server:
    process: subprocess.Popen[str]
    folder: Path
    told: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.told["url"])

    def client(self, token: str | None = None, authority: Path | None = None) -> httpx.Client:
        headers = {"authorization": f"Bearer {token or self.secret('admin-token')}"}
        verify = True if authority is None else ssl.create_default_context(cafile=authority)
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, verify=verify)

    def secret(self, name: str) -> str:
        return (self.folder / name).read_text().strip()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def command(folder: Path, *words: str) -> list[str]:
    return [str(EDGEMETER), "serve", "--data-folder", str(folder), *(words or ("--port", "0"))]


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[Server]:
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            command(folder, "--port", "0", "--json", *words),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=ENVIRONMENT,
            cwd=folder,
        )
    assert process.stdout is not None
    with process:
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()
        try:
            yield Server(process, folder, json.loads(line))
        finally:
            process.terminate()


def refusal(*words: str) -> str:
    """What a server says that does not start."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server") / "data", "--log-format", "json") as running:
        yield running


def test_it_is_alive_and_ready(server: Server) -> None:
    assert server.told["pid"] == server.process.pid
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/readyz").json() == {"status": "ok"}


def test_the_first_admin_is_admin_and_sees_metrics(server: Server) -> None:
    with server.client() as admin:
        assert admin.get("/v1/me").json()["role"] == "admin"
        metrics = admin.get("/metrics").text
    assert 'edgemeter_http_requests_total{method="GET",route="/v1/me",status="200"} ' in metrics
    assert "edgemeter_database_bytes" in metrics


def test_what_is_secret_is_private(server: Server) -> None:
    files = ("", "admin-token", "server-key")
    modes = [stat.S_IMODE((server.folder / name).stat().st_mode) for name in files]
    assert modes == [0o700, 0o600, 0o600]
    assert server.told["admin_token_file"] == str(server.folder / "admin-token")


def test_a_second_server_of_the_folder_is_refused(server: Server) -> None:
    assert "another EdgeMeter server uses this data folder" in refusal(*command(server.folder))


def test_a_port_in_use_is_told(server: Server, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    said = refusal(*command(tmp_path / "other", "--port", port))
    assert f"cannot listen on 127.0.0.1 port {port}" in said


def test_heads_are_bounded(server: Server) -> None:
    try:
        reply = httpx.get(f"{server.url}/healthz", headers={"x-long": "x" * 1_000_000})
    except httpx.TransportError:
        pass  # it was cut off before all of it was sent
    else:
        assert reply.status_code == 431
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_the_log_has_one_object_a_line_with_the_requests_id(server: Server) -> None:
    name = f"test-{uuid.uuid4().hex}"
    with httpx.Client(base_url=server.url) as nobody:
        reply = nobody.get("/v1/me", headers={"x-request-id": name})
        nobody.get("/healthz")  # answered after the line about the one before was written
    assert (reply.status_code, reply.json()["id"]) == (401, name)
    lines = [json.loads(line) for line in server.log().splitlines()]
    (line,) = [line for line in lines if line.get("request_id") == name]
    assert (line["event"], line["route"], line["status"]) == ("request", "unknown", 401)


def enrolled(admin: httpx.Client, device: str) -> str:
    wanted = {"name": device, "role": "enrolment", "device": device}
    once = {"authorization": f"Bearer {admin.post('/v1/tokens', json=wanted).json()['token']}"}
    answer = admin.post("/v1/agent/enrol", json={"device": device}, headers=once)
    return str(answer.json()["token"])


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EdgeMeter test")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    pem, key_pem = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, key_pem


def test_it_ends_in_order_and_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """A waiting claim is answered, the process ends with 0; the next one, now with TLS, has everything."""
    with serving(tmp_path / "data") as server, server.client() as admin:
        token = enrolled(admin, "rack-1")
        key = server.secret("server-key")
        opening = {
            "protocol_version": PROTOCOL_VERSION,
            "agent_version": "1",
            "opening_id": str(uuid.uuid4()),
            "description": {},
            "offers": [],
        }
        with server.client(token) as agent:
            session_id = agent.post("/v1/agent/sessions", json=opening).json()["session_id"]
            claim = {"session_id": session_id, "claim_id": str(uuid.uuid4()), "wait_s": 50}
            answers: list[httpx.Response] = []
            waiting = threading.Thread(
                target=lambda: answers.append(agent.post("/v1/agent/claims", json=claim))
            )
            waiting.start()
            while "edgemeter_http_open_requests 2.0" not in admin.get("/metrics").text:
                pass
            assert server.stop() == 0, server.log()
            waiting.join(20)
        assert [answer.json()["leases"] for answer in answers] == [[]]
    certificate, key_file = certified(tmp_path)
    tls = ("--tls-certificate", str(certificate), "--tls-key", str(key_file))
    with serving(tmp_path / "data", *tls) as server, server.client(authority=certificate) as admin:
        assert server.url.startswith("https://")
        assert server.told["admin_token_file"] is None
        assert [row["slug"] for row in admin.get("/v1/devices").json()["items"]] == ["rack-1"]
        assert server.secret("server-key") == key
        assert server.stop() == 0
        for secret in (key, token, server.secret("admin-token")):
            assert secret not in server.log()
