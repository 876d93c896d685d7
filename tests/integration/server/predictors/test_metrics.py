"""Networks compared over several targets: metrics, fronts, and what is missing told with how to get it."""

import csv
import io
import json

import numpy as np
import pytest

from edgemeter.metrics.pareto import pareto_front
from edgemeter.spaces import registry
from edgemeter.spaces.references.references import References
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.subset import Subset
from edgemeter.spaces.subset_files import write_subset
from edgemeter_server.campaigns.advancing import advance_all
from edgemeter_server.predictors import working

from ..campaigns.conftest import builder, recipe
from ..campaigns.test_campaigns import created, measure_all
from ..campaigns.tiny import ENTRY_POINTS
from .test_predictors import ALL, asked

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)
OTHER = "board.cpu.openvino-2026.2.int8.t1.b1"
WRONG = (
    ("pareto", {}, "/architectures"),
    ("pareto", {"architectures": ALL, "sample": {"count": 1}}, "/architectures"),
    ("pareto", {"architectures": ALL, "qualities": [1.0]}, "/qualities"),
    ("pareto", {"architectures": ALL, "metrics": ["quality"]}, "/metrics"),
    ("metrics", {"architectures": ALL, "metrics": ["energy"]}, "/metrics"),
    ("metrics", {"architectures": ALL, "metrics": ["macs", "macs"]}, "/metrics"),
    ("metrics", {"architectures": ALL, "weights": {"elsewhere": 1.0}}, "/weights/elsewhere"),
    ("metrics", {"architectures": ALL, "weights": {OTHER: 0}, "targets": [OTHER]}, "/weights"),
    ("metrics", {"architectures": ALL, "targets": [OTHER, OTHER]}, "/targets"),
    ("metrics", {"architectures": ["tiny@1:conv9,conv3"], "metrics": ["macs"]}, "/architectures/0"),
)


@pytest.fixture
def tiny(monkeypatch):
    """Also the space of the reference networks is installed, as everywhere."""
    point = type("Point", (), {"load": staticmethod(lambda: References), "value": "edgemeter"})
    registry.find_space.cache_clear()
    monkeypatch.setattr(registry, "_points", lambda: ENTRY_POINTS | {"references": point})
    yield
    registry.find_space.cache_clear()


@pytest.fixture
async def two(lab, tiny):
    """The small space, fitted on two targets."""
    agent = await builder(lab, "tiny/1", "references/1", offered=(lab.TARGET, OTHER))
    await created(lab, lab.TARGET, OTHER, architectures=3, test=1, repeats=0)
    await advance_all(lab.services)
    await measure_all(lab, agent)
    for target in (lab.TARGET, OTHER):
        assert (await asked(lab, target=target)).status_code == 202
        await working.work_off(lab.services)
    lab.agent_process = agent
    return lab


async def with_mobilenet(lab):
    """MobileNetV1 measured on both."""
    named = {"space": "references", "text": "references@1:mobilenet_v1,1.0"}
    items = [
        {"recipe": recipe(**named, precision=target.split(".")[-3]), "target": target}
        for target in (lab.TARGET, OTHER)
    ]
    assert (await lab.submitter.post("/v1/requests", json={"items": items})).status_code == 201
    await measure_all(lab, lab.agent_process)


async def compared(lab, path="metrics", status=200, **changes):
    message = {"space": "tiny", "targets": [lab.TARGET, OTHER]} | changes
    answer = await lab.submitter.post(f"/v1/{path}", json=message)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_metrics_are_those_of_the_equations(two):
    told = (await compared(two, status=404, architectures=ALL))["detail"]
    assert "edgemeter submit references@1:mobilenet_v1,1.0 --target" in told
    given = {two.TARGET: 2.0, OTHER: 4.0}
    found = await compared(two, architectures=ALL, normalisers_ms=given)
    assert [(each["latency_ms"], each["source"]) for each in found["normalisers"]] == [
        (2.0, "given"),
        (4.0, "given"),
    ]
    counted = await compared(two, architectures=ALL, metrics=["macs"])
    assert counted["networks"][0]["latencies"] == []

    await with_mobilenet(two)
    found = await compared(two, architectures=ALL, weights={OTHER: 3})
    assert [each["source"] for each in found["normalisers"]] == ["measured"] * 2
    reference_ms = np.array([each["latency_ms"] for each in found["normalisers"]])
    for network in found["networks"]:
        assert {each["source"] for each in network["latencies"]} <= {"measured", "predicted"}
        ratios = np.array([each["latency_ms"] for each in network["latencies"]]) / reference_ms * [0.5, 1.5]
        assert network["f_avg"]["value"] == pytest.approx(ratios.mean())
        assert network["f_max"]["value"] == pytest.approx(ratios.max())
        for name in ("f_avg", "f_max"):
            assert network[name]["low"] < network[name]["value"] < network[name]["high"]
    macs = [network["macs"] for network in found["networks"]]
    assert macs == sorted(macs)
    assert all(network["peak_activation_bytes"] > 0 for network in found["networks"])


async def test_the_front_is_that_of_the_metrics(two):
    names = ["latency_ms", "macs"]
    everything = await compared(two, architectures=ALL, metrics=names)
    values = np.array(
        [
            [*(each["latency_ms"] for each in network["latencies"]), network["macs"]]
            for network in everything["networks"]
        ]
    )
    expected = [ALL[row] for row in pareto_front(values)]
    found = await compared(two, "pareto", architectures=ALL, metrics=names)
    assert [network["architecture"] for network in found["networks"]] == expected
    assert found["candidates"] == 4
    best = await compared(two, "pareto", architectures=ALL, metrics=["quality"], qualities=[1, 3, 2, 0])
    assert [network["architecture"] for network in best["networks"]] == ALL[1:2]

    # A sample is chosen from by predictions.
    found = await compared(two, "pareto", sample={"count": 1000})
    named = await compared(two, "pareto", architectures=ALL, measured=False)
    assert found["networks"] == named["networks"]
    assert found["candidates"] == 4  # all that there are
    part = {"name": "part", "version": 1, "choices": {"layer1": ["conv5"]}}
    found = await compared(two, "pareto", sample={"count": 1000, "part": part})
    assert found["candidates"] == 2


async def test_wrong_questions_name_the_place(lab, tiny):
    for path, changes, pointer in WRONG:
        problem = await compared(lab, path, 422, **changes)
        assert problem["errors"][0]["pointer"] == pointer
        if changes.get("metrics") == ["energy"]:
            assert "energy is measured on no target" in problem["detail"]
    targets = [f"{number}.cpu.openvino-2026.2.int8.t1.b1" for number in range(11)]
    problem = await compared(lab, "pareto", 413, targets=targets, sample={"count": 100_000})
    assert "at most" in problem["detail"]


@pytest.fixture
def measured(two):
    """For the command."""
    return two


async def test_commands_print_tables_csv_and_documents(measured, edgemeter, tmp_path):
    lab = measured
    targets = ("-t", lab.TARGET, "-t", "openvino")
    missing = await edgemeter("metrics", "tiny", *ALL, *targets)
    assert "edgemeter submit references@1:mobilenet_v1,1.0" in " ".join(missing.output.split())
    asked = await edgemeter("submit", "references@1:mobilenet_v1,1.0", *targets, "--json")
    assert len(json.loads(asked.stdout)["requests"]) == 2, asked.output
    await measure_all(lab, lab.agent_process)

    shown = await edgemeter("metrics", "tiny", *ALL, *targets)
    assert shown.exit_code == 0, shown.output
    assert "(MobileNetV1, measurement" in shown.stderr
    rows = list(
        csv.DictReader(io.StringIO((await edgemeter("metrics", "tiny", *ALL, *targets, "--csv")).stdout))
    )
    assert [row["architecture"] for row in rows] == ALL
    assert float(rows[0][f"low_ms {OTHER}"]) < float(rows[0][f"latency_ms {OTHER}"])

    (file := tmp_path / "finalists.txt").write_text("".join(f"{text} {len(text)}\n" for text in ALL))
    found = json.loads((await edgemeter("pareto", "tiny", "-f", file, *targets, "--json")).stdout)
    assert found["metrics"] == ["latency_ms", "macs", "parameters", "quality"]
    assert found["candidates"] == 4
    wrong = await edgemeter("pareto", "tiny", "--sample", 10, *targets, "-m", "energy")
    assert "energy is measured on no target" in wrong.output

    write_subset(Subset(find_space("tiny"), "small", {"layer1": ["conv5"]}), part := tmp_path / "small.json")
    words = ("pareto", part, "--sample", 10, *targets, "--weight", "openvino=2", "--normaliser")
    given = ("openvino=1.5", "--normaliser", f"{lab.TARGET}=1", "-m", "f_avg,f_max", "--json")
    found = json.loads((await edgemeter(*words, *given)).stdout)
    assert found["networks"][0]["architecture"].startswith("small@1:conv5,")
    assert [each["weight"] for each in found["normalisers"]] == [1.0, 2.0]
