"""What can be proven of the images without a Docker engine."""

import fnmatch
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from edgemeter.cli.main import cli
from edgemeter_server.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILES = sorted((ROOT / "deploy").glob("*.Dockerfile"))

NEEDED = {
    "server": {"fastapi", "asyncpg", "obstore"},
    "agent": {"onnxruntime", "openvino", "ai-edge-litert"},
}


@pytest.fixture(scope="module")
def compose() -> Any:
    return YAML(typ="safe").load(COMPOSE.read_text())


def instructions(file: Path) -> list[tuple[str, str]]:
    joined = file.read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines)]


def test_the_compose_file_fits_the_specification():
    check = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, COMPOSE], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_setting_that_compose_gives_exists(compose):
    names = {name for service in compose["services"].values() for name in service.get("environment", {})}
    server = {name for name in names if name.startswith("EDGEMETER_SERVER_")}
    known = {f"EDGEMETER_SERVER_{field.upper()}" for field in Settings.model_fields}
    assert server
    assert server <= known


def test_services_need_only_what_is_there(compose):
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(compose["services"])
        named = {volume.partition(":")[0] for volume in service.get("volumes", [])}
        assert named <= set(compose["volumes"])
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("service", ["server", "agent", "upgrade"])
def test_our_services_run_without_root_and_new_privileges(compose, service):
    described = compose["services"][service]
    assert described["cap_drop"] == ["ALL"]
    assert described["security_opt"] == ["no-new-privileges:true"]
    users = [rest for word, rest in instructions(ROOT / described["build"]["dockerfile"]) if word == "USER"]
    assert users
    assert users[-1] not in ("root", "0")


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_copied_files_exist_and_are_not_ignored(file):
    patterns = (ROOT / ".dockerignore").read_text().split()
    kept = [pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")]
    copies = [shlex.split(rest)[:-1] for word, rest in instructions(file) if word == "COPY"]
    sources = [source for words in copies if not words[0].startswith("--") for source in words]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, keep) or source.startswith(f"{keep}/") for keep in kept), source


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_the_lock_holds_what_the_image_runs(file):
    (lock,) = set(re.findall(r"requirements/(?:server|agent)\.lock", file.read_text()))
    pinned = {line.partition("==")[0] for line in (ROOT / lock).read_text().splitlines() if "==" in line}
    assert NEEDED[file.name.partition(".")[0]] <= {name.strip() for name in pinned}


def test_every_entry_command_starts(compose):
    commands = [service["command"] for service in compose["services"].values() if "command" in service]
    for file in DOCKERFILES:
        (cmd,) = [rest for word, rest in instructions(file) if word == "CMD" and rest.startswith('["')][-1:]
        commands.append(YAML(typ="safe").load(cmd))
    for command in commands:
        known = [word for word in command if word.startswith("-")]
        words = [word for word in command[:2] if not word.startswith("-")]
        shown = CliRunner().invoke(cli, [*words, "--help"])
        assert shown.exit_code == 0, shown.output
        assert "not available" not in shown.output
        for option in known:
            assert option in shown.output, (command, option)


def test_the_probe_of_the_image_is_python():
    (probe,) = re.findall(r'CMD \["python", "-c", "(.*)"\]', (ROOT / "deploy/server.Dockerfile").read_text())
    compile(probe, "HEALTHCHECK", "exec")
