"""`space generate` and `space intersect` with what a server knows, over HTTP and through the client."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel

from edgemeter.cli.space.group import space
from edgemeter.spaces.costs import placed_costs
from edgemeter.spaces.registry import find_space
from edgemeter.wire.base import Page
from edgemeter.wire.campaigns import Capabilities, LatencyRow, LatencyTable, OperatorSupport, Support
from edgemeter.wire.devices import TargetRow

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def operators(target: str, name: str, version: int) -> LatencyTable:
    known = find_space(name)
    rows = tuple(
        LatencyRow(
            text=placed.key,
            latency_ms=(value := float(macs) * 1e-9 + 0.01),
            low_ms=0.95 * value,
            high_ms=1.05 * value,
            samples=18,
            measurement_id=number + 1,
            measured_at=NOW,
        )
        for number, (placed, macs) in enumerate(zip(known.placed, placed_costs(known).macs, strict=True))
    )
    return LatencyTable(target=target, space=name, version=version, rows=() if target == "new.cpu" else rows)


TARGETS = Page[TargetRow](
    items=tuple(
        TargetRow(
            slug=slug,
            revision=1,
            formats=("onnx",),
            devices=(),
            available=True,
            pending_jobs=0,
            measurements=0,
        )
        for slug in ("lab.cpu", "lab.dsp", "new.cpu", "old.cpu", "box.cpu.onnxruntime-1.31.fp32.t1.b1")
    )
)


def capabilities(target: str, name: str, version: int) -> Capabilities:
    fused = Support.NONE if target == "lab.dsp" else Support.FULL
    contexts = tuple(
        OperatorSupport(
            key=placed.key,
            operator=placed.operator,
            support=Support.UNKNOWN
            if target == "new.cpu"
            else fused
            if placed.family == "Fused"
            else Support.FULL,
            evidence="1 on cpu",
        )
        for placed in find_space(name).placed
    )
    return Capabilities(target=target, space=name, version=version, operators={}, contexts=contexts)


class Knowing(BaseHTTPRequestHandler):
    """Answers as the service does; a target called `old.cpu` belongs to a server of another version."""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        *_, target, what = path.split("/")
        answers = {"operators": operators, "capabilities": capabilities}
        document: BaseModel = TARGETS
        if what in answers:
            document = answers[what](target, query["space"][0], 9 if target == "old.cpu" else 1)
        body = document.model_dump_json().encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Knowing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(*words: str) -> Result:
    return CliRunner().invoke(space, list(words), env={"EDGEMETER_TOKEN": "em_test"})


def test_a_space_of_a_target_s_measured_operators(url: str) -> None:
    words = ("generate", "hurricane", "--target", "lab.cpu", "--explore", "17-20", "--url", url, "--json")
    made = json.loads(run(*words).stdout)
    assert made["size"] == 4**16 * 5**4
    assert made["space"]["name"] == "hurricane-lab.cpu"
    first = made["rankings"][0]["scores"][0]
    assert first["low"] < first["score"] < first["high"]


def test_the_intersection_of_targets_that_a_server_knows(url: str) -> None:
    words = ("intersect", "multihw", "--targets", "lab.cpu", "lab.dsp", "--url", url, "--json")
    made = json.loads(run(*words).stdout)
    assert len(made["space"]["choices"]["stage3.block2"]) == 12
    assert {each["target"] for each in made["refused"]} == {"lab.dsp"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("generate", "--target"), "`edgemeter profile hurricane --target new.cpu` does it"),
        (("intersect", "--targets"), "`edgemeter capabilities new.cpu --space hurricane` measures it"),
    ],
)
def test_a_target_without_measurements_says_what_to_do(url: str, words: tuple[str, ...], told: str) -> None:
    result = run(words[0], "hurricane", words[1], "new.cpu", "--url", url)
    assert result.exit_code == 1
    assert told in " ".join(result.output.replace("│", " ").split())


def test_targets_are_named_by_words_as_everywhere(url: str) -> None:
    words = ("--url", url, "--json")
    made = json.loads(run("generate", "hurricane", "--target", "onnxruntime", *words).stdout)
    assert made["space"]["name"] == "hurricane-box.cpu.onnxruntime-1.31.fp32.t1.b1"
    made = json.loads(run("intersect", "hurricane", "--targets", "onnxruntime", "lab.cpu", *words).stdout)
    assert made["space"]["origin"]["intersection_of"] == ["box.cpu.onnxruntime-1.31.fp32.t1.b1", "lab.cpu"]


@pytest.mark.parametrize(
    "words", [("generate", "hurricane", "--target"), ("intersect", "multihw", "--targets")]
)
def test_another_version_of_the_space_is_refused(url: str, words: tuple[str, ...]) -> None:
    result = run(*words, "old.cpu", "--url", url)
    assert result.exit_code == 1
    assert "version 9, here is version 1" in result.output
