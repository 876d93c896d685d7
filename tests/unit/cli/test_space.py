import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edgemeter.cli.space.group import space
from edgemeter.graphs import read_graph
from edgemeter.networks.costs import network_costs
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.space import CodeError
from edgemeter.spaces.text import from_text


def run(*words: object, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(space, [str(word) for word in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def document(*words: object) -> Any:
    return json.loads(run(*words, "--json").stdout)


def test_spaces_are_listed_with_their_sizes() -> None:
    sizes = {each["name"]: each["size"] for each in document("list")["spaces"]}
    assert sizes["hurricane"] == 32**20
    assert sizes["nasbench201"] == 15_625
    assert run("size", "hsconas").stdout == f"{5**20 * 10**20}\n"
    assert "15,625" in run("list").stdout


def test_a_space_is_shown() -> None:
    shown = document("show", "spos")
    assert (shown["decisions"], shown["contexts"], len(shown["placed"])) == (40, 8, 258)
    assert "layer1.factor .. layer20.factor" in run("show", "spos").stdout


def test_samples_go_through_costs_and_codes() -> None:
    lines = run("sample", "hurricane", "-n", 3, "--seed", 7).stdout
    assert document("sample", "hurricane", "-n", 3, "--seed", 7)["architectures"] == lines.split()
    costs = json.loads(run("costs", "hurricane", "-", "--json", stdin=lines).stdout)["costs"]
    hurricane = find_space("hurricane")
    for text, cost in zip(lines.split(), costs, strict=True):
        assert cost["macs"] == network_costs(hurricane.build(from_text(hurricane, text))).macs
        codes = run("decode", "hurricane", text).stdout.strip()
        assert run("encode", "hurricane", codes).stdout.strip() == text
    csv = run("costs", "hurricane", *lines.split(), "--csv").stdout.splitlines()
    assert csv[0].startswith("name,macs,other_ops,parameters,")
    assert len(csv) == 4


def test_costs_of_all_operators() -> None:
    assert len(document("costs", "hurricane")["costs"]) == 258


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"network": [0, 1, *[0] * 7]}))
    texts = run("sample", "references", "-n", 5, "--weights", path).stdout.split()
    assert all(text.startswith("references@1:mobilenet_v2,") for text in texts)
    path.write_text("[1]")
    assert run("sample", "references", "--weights", path).exit_code == 1


@pytest.mark.parametrize("name", ["network.tflite", "network.onnx"])
def test_a_network_is_written(tmp_path: Path, name: str) -> None:
    assert run("build", "references", "mobilenet_v2,0.5", "-o", tmp_path / name).exit_code == 0
    assert read_graph(tmp_path / name).macs == 97_131_840


def test_an_operator_is_written(tmp_path: Path) -> None:
    key, file = "Choice_3|56x56x64->64|s1", tmp_path / "operator.onnx"
    run("build", "hurricane", key, "--operator", "--batch", 2, "-o", file)
    assert read_graph(file).macs == 2 * 56 * 56 * (2 * 32 * 32 + 9 * 32)


def test_wrong_words_are_usage_errors(tmp_path: Path) -> None:
    assert run("build", "references", "mobilenet_v2,0.5", "-o", tmp_path / "a.bin").exit_code == 2
    assert run("encode", "hurricane", "a,b").exit_code == 2
    assert run("costs", "hurricane", "--csv", "--json").exit_code == 2
    with pytest.raises(CodeError, match="not one of the codes"):
        run("encode", "references", "0,99")


def test_a_generated_space_is_used_as_any_other(tmp_path: Path) -> None:
    latencies, made = tmp_path / "latencies.csv", tmp_path / "aware.json"
    rows = ["text,latency_ms,low_ms,high_ms"]
    for each in document("costs", "hurricane")["costs"]:
        value = each["macs"] * 1e-9 + each["kernels"] * 1e-3
        rows.append(f"{each['name']},{value},{0.9 * value},{1.1 * value}")
    latencies.write_text("\n".join(rows))
    shown = run("generate", "hurricane", "--latencies", latencies, "--explore", "17-20", "-o", made)
    assert "2,684,354,560,000" in shown.stdout
    assert "left out" in shown.stderr
    assert run("size", made).stdout == "2684354560000\n"
    text = run("sample", made, "-n", 1).stdout.strip()
    assert text.startswith("hurricane-latencies@1:")
    assert document("costs", made, text)["costs"][0]["name"] == text
    again = document("generate", "hurricane", "--latencies", latencies, "--per", "layer", "--name", "mine")
    assert (again["space"]["name"], len(again["rankings"]), again["size"]) == ("mine", 20, 4**20)


def test_generate_needs_latencies() -> None:
    assert run("generate", "hurricane").exit_code == 2
    assert run("generate", "hurricane", "--explore", "a-b").exit_code == 2


def facts(folder: Path, target: str, *without: str) -> Path:
    contexts = [
        {"key": each.key, "support": "none" if each.operator.startswith(without) else "full"}
        for each in find_space("multihw").placed
    ]
    path = folder / f"{target}.json"
    path.write_text(json.dumps([{"target": target, "space": "multihw", "version": 1, "contexts": contexts}]))
    return path


def test_the_intersection_of_targets(tmp_path: Path) -> None:
    known = [
        word
        for path in (
            facts(tmp_path, "cpu", "-"),
            facts(tmp_path, "dsp", "Fused"),
            facts(tmp_path, "npu", "IB_5"),
        )
        for word in ("--facts", path)
    ]
    made = tmp_path / "common.json"
    shown = run("intersect", "multihw", "--targets", "cpu", "dsp", "npu", *known, "-o", made)
    assert "IB_3_1" in shown.stdout
    assert document("show", made)["columns"][2]["choices"] == [f"IB_3_{number}" for number in range(1, 7)]
    two = document("intersect", "multihw", "--targets", "cpu", "dsp", *known)
    assert len(two["space"]["choices"]["stage1.block1"]) == 12
    assert {each["target"] for each in two["refused"]} == {"dsp"}
    assert run("intersect", "multihw", "--targets", "gpu", *known).exit_code == 2
    assert run("intersect", "multihw").exit_code == 2
