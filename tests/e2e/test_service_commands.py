"""The commands that talk to a server, as processes, against a real server with a real agent."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgemeter.targets import Precision
from edgemeter_agents.commands.processes import running
from edgemeter_agents.networks import demos
from edgemeter_agents.runtimes.base import Format

Commands = Callable[..., subprocess.CompletedProcess[str]]
MOBILE = demos(Format.ONNX, Precision.FP32)[0].path
DEVICE = "bench"
READY_S = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EDGEMETER_")}
    own = {"XDG_CONFIG_HOME": str(folder), "NO_COLOR": "1"}
    return {**clean, **own, "COLUMNS": "160"}


@pytest.fixture(scope="module")
def url(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    words = ("serve", "--data-folder", str(folder / "data"), "--port", "0", "--json")
    with running("serve", *words, environment=environment, folder=folder) as server:

        def address(line: str) -> str | None:
            found = re.search(r'"url": "([^"]+)"', line)
            return found and found[1]

        yield server.wait_for(address, READY_S)


@pytest.fixture(scope="module")
def edgemeter(folder: Path, environment: dict[str, str], url: str) -> Commands:
    """Runs a command as the first admin."""

    def run(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
        own = {"EDGEMETER_URL": url, "EDGEMETER_TOKEN_FILE": str(folder / "data" / "admin-token")}
        return subprocess.run(
            [sys.executable, "-m", "edgemeter", *map(str, words)],
            check=False,
            capture_output=True,
            text=True,
            timeout=100,
            env={**environment, **own, **variables},
            cwd=folder,
        )

    return run


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["schema_name"].startswith("edgemeter/")
    return found


def measured(edgemeter: Commands, *words: object) -> subprocess.CompletedProcess[str]:
    """Submits and waits. Skips where the host is too busy for any of a job's attempts."""
    done = edgemeter("submit", MOBILE, *words, "--wait", "--timeout", 90, "--json")
    if done.returncode == 4 and '"contended"' in done.stdout:
        pytest.skip(f"the host is too busy to measure: {done.stderr[-300:]}")
    return done


@pytest.fixture(scope="module")
def target(folder: Path, environment: dict[str, str], url: str, edgemeter: Commands) -> Iterator[str]:
    """A target of an agent that has joined and was approved."""
    token = edgemeter("tokens", "enrol", "--device", DEVICE).stdout.strip()
    words = ("agent", "--server", url, "--state", str(folder / "agent"), "--device", DEVICE, "--allow-root")
    enrolled = {**environment, "EDGEMETER_AGENT_ENROL": token}
    with running("agent", *words, environment=enrolled, folder=folder) as agent:
        while not document(edgemeter("devices", "targets", "--json"))["targets"]:
            agent.check()
        device = document(edgemeter("devices", "approve", DEVICE, "--json"))["device"]
        yield next(
            row["slug"] for row in device["targets"] if "onnxruntime" in row["slug"] and "fp32" in row["slug"]
        )


def test_a_network_goes_in_and_a_latency_comes_back(edgemeter: Commands, target: str) -> None:
    words = ("-t", "onnxruntime", "--protocol", "survey")
    done = measured(edgemeter, *words)
    (request,) = document(done)["requests"]
    assert request["target"] == target
    assert request["estimate"]["how"] == "measured"
    assert MOBILE.name in done.stderr

    stored = document(edgemeter("submit", MOBILE, *words, "--json"))["requests"][0]
    assert stored["estimate"]["how"] == "stored"
    assert stored["estimate"]["measurement_id"] == request["estimate"]["measurement_id"]

    table = edgemeter("jobs", "wait", request["id"])
    assert table.returncode == 0
    assert MOBILE.name in table.stdout
    shown = document(edgemeter("jobs", "show", request["id"], "--json"))
    # One attempt, unless other work disturbed it: then it was measured again.
    *disturbed, last = shown["job"]["attempts"]
    assert last["device"] == DEVICE
    assert {attempt["failure"]["kind"] for attempt in disturbed} <= {"contended"}
    assert "reported" in edgemeter("jobs", "show", request["id"]).stdout


def test_results_are_listed_shown_and_exported(edgemeter: Commands, target: str) -> None:
    measured(edgemeter, "-t", "onnxruntime", "--protocol", "survey")
    newest = document(edgemeter("results", "list", "--limit", 1, "--json"))["measurements"][0]
    assert newest["target"] == target
    assert MOBILE.name in edgemeter("results", "list").stdout
    record = document(edgemeter("results", "show", newest["id"], "--json"))["measurement"]
    assert record["measurement"]["visits"]
    assert "samples" in edgemeter("results", "show", newest["id"]).stdout
    rows = list(csv.DictReader(io.StringIO(edgemeter("results", "export", "--csv").stdout)))
    assert str(newest["id"]) in {row["id"] for row in rows}
    assert len(document(edgemeter("results", "export", "--json"))["measurements"]) == len(rows)


def test_waiting_ends_in_time_and_goes_on_later(edgemeter: Commands, target: str) -> None:
    edgemeter("devices", "maintenance", DEVICE, "--reason", "a test")
    try:
        done = edgemeter("submit", MOBILE, "-t", target, "--fresh", "--wait", "--timeout", 1)
        assert done.returncode == 6, done.stderr
        waiting = document(edgemeter("jobs", "list", "--limit", 1, "--json"))["requests"][0]
        assert waiting["state"] == "waiting"
        cancelled = document(edgemeter("jobs", "cancel", waiting["id"], "--json"))["requests"][0]
        assert cancelled["state"] == "cancelled"
        assert edgemeter("jobs", "wait", waiting["id"]).returncode == 4
    finally:
        edgemeter("devices", "try", DEVICE)


def _interruptible() -> None:
    """Whoever runs the tests in the background may have told their processes to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_whoever_interrupts_waiting_is_told_how_to_go_on(
    edgemeter: Commands, target: str, folder: Path, environment: dict[str, str], url: str
) -> None:
    edgemeter("devices", "maintenance", DEVICE)
    own = {"EDGEMETER_URL": url, "EDGEMETER_TOKEN_FILE": str(folder / "data" / "admin-token")}
    words = ("submit", str(MOBILE), "-t", target, "--fresh", "--wait")
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "edgemeter", *words],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**environment, **own},
            cwd=folder,
            preexec_fn=_interruptible,
        ) as process:
            waiting = None
            while waiting is None:
                listed = document(edgemeter("jobs", "list", "--limit", 1, "--json"))["requests"]
                waiting = next((row["id"] for row in listed if row["state"] == "waiting"), None)
            process.send_signal(signal.SIGINT)
            try:
                _, told = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert process.returncode == 130
        assert f"edgemeter jobs wait {waiting}" in told
        edgemeter("jobs", "cancel", waiting)
    finally:
        edgemeter("devices", "try", DEVICE)


def test_devices_and_targets_are_shown(edgemeter: Commands, target: str) -> None:
    (device,) = document(edgemeter("devices", "list", "--json"))["devices"]
    assert device["slug"] == DEVICE
    assert DEVICE in edgemeter("devices", "list").stdout
    assert target in edgemeter("devices", "show", DEVICE).stdout
    rows = document(edgemeter("devices", "targets", "--json"))["targets"]
    assert target in {row["slug"] for row in rows}
    assert target in edgemeter("devices", "targets").stdout


def test_projects_and_tokens(edgemeter: Commands) -> None:
    document(edgemeter("projects", "create", "secret", "--private", "--json"))
    assert "secret" in edgemeter("projects", "list").stdout
    made = edgemeter("tokens", "create", "ci", "--role", "viewer", "--project", "secret")
    token = made.stdout.strip()
    assert token
    assert token not in made.stderr
    assert edgemeter("projects", "list", EDGEMETER_TOKEN=token).returncode == 0
    refused = edgemeter("tokens", "list", EDGEMETER_TOKEN=token)
    assert (refused.returncode, refused.stdout) == (5, "")
    listed = document(edgemeter("tokens", "list", "--json"))["tokens"]
    assert token not in json.dumps(listed)
    number = next(row["id"] for row in listed if row["name"] == "ci")
    assert edgemeter("tokens", "revoke", number).returncode == 0
    assert "ci" in edgemeter("tokens", "list").stdout


@pytest.mark.parametrize(
    ("words", "variables", "code", "told"),
    [
        (("jobs", "list"), {"EDGEMETER_TOKEN": "em_wrong"}, 5, "admin-token"),
        (("jobs", "list"), {"EDGEMETER_URL": "http://127.0.0.1:1"}, 5, "127.0.0.1:1"),
        (("jobs", "list"), {"EDGEMETER_URL": "nonsense"}, 2, "EDGEMETER_URL"),
        (("jobs", "list", "--token-file", "none"), {}, 2, "none"),
        (("jobs", "show", 999_999), {}, 5, ""),
        (("submit", MOBILE, "-t", "no-such-runtime"), {}, 2, "target"),
        (("results", "export"), {}, 2, "--csv"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(
    edgemeter: Commands, words: tuple[object, ...], variables: dict[str, str], code: int, told: str
) -> None:
    done = edgemeter(*words, **variables)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_config_show_says_where_each_value_came_from(edgemeter: Commands, folder: Path, url: str) -> None:
    (folder / "edgemeter.toml").write_text("[client]\nproject = 'vision'\n")
    given = "em_hidden"
    try:
        shown = document(edgemeter("config", "show", "--json", EDGEMETER_TOKEN=given))
    finally:
        (folder / "edgemeter.toml").unlink()
    client = shown["sections"]["client"]
    assert client["url"] == {"value": url, "from": "environment", "where": "EDGEMETER_URL"}
    assert client["project"]["from"] == "project file"
    assert client["token"]["value"] == "(set, not shown)"
    assert "EDGEMETER_TOKEN_FILE" in edgemeter("config", "show").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(edgemeter: Commands, shell: str) -> None:
    done = edgemeter("completion", shell)
    assert done.returncode == 0, done.stderr
    assert "_EDGEMETER_COMPLETE" in done.stdout
