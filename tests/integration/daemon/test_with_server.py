"""The agent and the service as they are: processes, a socket, SQLite, a real engine; and killed."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from edgemeter.client import Client, ClientSettings
from edgemeter.client.planning import Wishes
from edgemeter.spaces.recipes import build
from edgemeter.spaces.registry import find_space
from edgemeter.targets import Precision
from edgemeter.wire.campaigns import CampaignPlan, CampaignState
from edgemeter.wire.recipes import Recipe, RecipeKind
from edgemeter.wire.requests import RequestDocument, RequestState
from edgemeter.wire.specs import JobSpec
from edgemeter_agents.networks import anchors
from edgemeter_agents.runtimes.base import Format

from .conftest import PATIENCE_S, children, depth, terminate, wait_for

pytest.importorskip("onnxruntime")
pytest.importorskip("edgemeter_server.operations.serving")
EXAMPLE = Path(__file__).parents[3] / "examples" / "tiny_space.py"
NETWORK = anchors(Format.ONNX, Precision.FP32)[0].path
#: These tests share the machine with others: being disturbed is theirs to bear.
SPEC = JobSpec(protocol="survey", settings={"contended_share": 10.0})

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `edgemeter` with these words and nobody's settings."""
    started: list[subprocess.Popen[str]] = []
    foreign = [name for name in os.environ if name.startswith("EDGEMETER_")]
    usual = {name: value for name, value in os.environ.items() if name not in foreign}
    usual["XDG_CONFIG_HOME"] = str(tmp_path)
    usual["PYTHONPATH"] = str(tmp_path / "packages")

    def run(*words: str, **variables: str) -> subprocess.Popen[str]:
        with (tmp_path / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "edgemeter", *words],
                env={**usual, **variables},
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def serve(start: Start, tmp_path: Path) -> Callable[[], tuple[subprocess.Popen[str], str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run() -> tuple[subprocess.Popen[str], str]:
        words = ("--data-folder", str(tmp_path / "data"), "--port", str(port), "--auto-approve", "--json")
        process = start("serve", *words)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())["url"]

    return run


@pytest.fixture
def client_of(tmp_path: Path) -> Iterator[Callable[[str], Client]]:
    opened: list[Client] = []

    def make(url: str) -> Client:
        opened.append(Client(settings=ClientSettings(url=url, token_file=tmp_path / "data" / "admin-token")))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def join(start: Start, tmp_path: Path) -> Callable[[Client, str], subprocess.Popen[str]]:
    """Starts the agent; the first time it enrols."""

    def run(client: Client, url: str) -> subprocess.Popen[str]:
        words = ("agent", "--server", url, "--state", str(tmp_path / "state"), "--allow-root", "--json")
        if (tmp_path / "state" / "token.json").exists():
            return start(*words)
        token = client.create_token("the test's agent", "enrolment", device="box").token
        return start(*words, "--device", "box", EDGEMETER_AGENT_ENROL=token)

    return run


def ask(client: Client) -> RequestDocument:
    """Asks for a measurement on the float target of ONNX Runtime, once there is one."""
    (slug,) = wait_for(lambda: [row.slug for row in client.targets() if row.available and _wanted(row.slug)])
    return client.submit([NETWORK], slug, wishes=Wishes(spec=SPEC))[0]


def _wanted(slug: str) -> bool:
    return "onnxruntime" in slug and "fp32" in slug


def answered(client: Client, request: RequestDocument) -> RequestDocument:
    (done,) = client.wait([request.id], timeout_s=PATIENCE_S)
    return done


def test_a_model_goes_in_and_a_latency_comes_back(
    serve: Callable[[], tuple[subprocess.Popen[str], str]],
    join: Callable[[Client, str], subprocess.Popen[str]],
    client_of: Callable[[str], Client],
) -> None:
    _, url = serve()
    client = client_of(url)
    agent = join(client, url)
    done = answered(client, ask(client))
    assert done.state is RequestState.DONE, done.failure
    assert done.estimate is not None
    assert done.estimate.device == "box"
    record = client.measurement(done.estimate.measurement_id)
    assert record.measurement.latency is not None
    assert record.measurement.latency.value_ms == done.estimate.latency_ms
    assert terminate(agent) < 10
    wait_for(lambda: client.device("box").agent is None)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The space of examples/, in a package as a user would install it: here, in server and agent."""
    packages = tmp_path / "packages"
    (about := packages / "tiny_space-1.dist-info").mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-space\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[edgemeter.spaces]\ntiny = tiny_space:Tiny\n")
    copyfile(EXAMPLE, packages / EXAMPLE.name)
    monkeypatch.syspath_prepend(packages)
    yield
    find_space.cache_clear()
    sys.modules.pop(EXAMPLE.stem, None)


@pytest.mark.usefixtures("installed")
def test_a_campaign_is_built_and_measured_by_the_agent(
    serve: Callable[[], tuple[subprocess.Popen[str], str]],
    join: Callable[[Client, str], subprocess.Popen[str]],
    client_of: Callable[[str], Client],
) -> None:
    _, url = serve()
    client = client_of(url)
    join(client, url)
    (slug,) = wait_for(lambda: [row.slug for row in client.targets() if row.available and _wanted(row.slug)])
    plan = CampaignPlan(
        space="tiny", targets=(slug,), contexts=2, architectures=1, test=0, repeats=0.0, layers=True
    )
    campaign = client.create_campaign(plan)
    wait_for(lambda: client.campaign(campaign.id).state is CampaignState.DONE)
    results = list(client.campaign_results(campaign.id))
    assert len(results) == 3
    for result in results:
        assert result.failure_kind is None, result
        recipe = Recipe(
            space="tiny",
            version=1,
            kind=result.kind,
            text=result.text,
            format="onnx",
            precision=Precision.FP32,
        )
        assert hashlib.sha256(build(recipe)).hexdigest() == result.file_sha256
        assert result.latency_ms is not None
    (architecture,) = [result for result in results if result.kind is RecipeKind.ARCHITECTURE]
    assert architecture.measurement_id is not None
    assert client.measurement(architecture.measurement_id).measurement.layers


def test_the_server_is_killed_while_a_network_is_measured(
    serve: Callable[[], tuple[subprocess.Popen[str], str]],
    join: Callable[[Client, str], subprocess.Popen[str]],
    client_of: Callable[[str], Client],
) -> None:
    server, url = serve()
    client = client_of(url)
    agent = join(client, url)
    request = ask(client)
    wait_for(lambda: depth(agent.pid) >= 4)
    server.kill()
    server.wait()
    serve()
    done = answered(client, request)
    assert done.state is RequestState.DONE, done.failure
    assert done.attempts == 1, "what was measured meanwhile counts"


def test_the_agent_is_killed_while_a_network_is_measured(
    serve: Callable[[], tuple[subprocess.Popen[str], str]],
    join: Callable[[Client, str], subprocess.Popen[str]],
    client_of: Callable[[str], Client],
) -> None:
    _, url = serve()
    client = client_of(url)
    agent = join(client, url)
    request = ask(client)
    wait_for(lambda: depth(agent.pid) >= 4)
    assert children(agent.pid)
    agent.kill()
    agent.wait()
    join(client, url)
    done = answered(client, request)
    assert done.state is RequestState.DONE, done.failure
    assert done.attempts == 2
