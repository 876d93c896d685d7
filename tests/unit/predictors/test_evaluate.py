"""`edgemeter evaluate` over real files, through the command line."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from edgemeter.spaces.nasbench201 import NasBench201
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.sums import sum_over_layers
from edgemeter.spaces.text import from_text
from edgemeter_predictors.commands.evaluate import evaluate
from edgemeter_predictors.evaluating import Evaluation
from tests.unit.predictors import test_gaussian_process

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def write(path: Path, rows: dict[str, list[tuple[str, float]]], unit: str = "ms") -> Path:
    """A tidy file with a latency of each text on each device, its words in dictionaries."""
    flat = [(text, device, value) for device, column in rows.items() for text, value in column]
    words = {
        "arch_id": [str(number) for number in range(len(flat))],
        "arch": [text for text, _, _ in flat],
        "device": [device for _, device, _ in flat],
        "metric": ["latency"] * len(flat),
        "unit": [unit] * len(flat),
    }
    columns = {name: pa.array(column).dictionary_encode() for name, column in words.items()}
    pq.write_table(pa.table(columns | {"value": [value for _, _, value in flat]}), path)
    return path


@pytest.fixture(scope="module")
def cells_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four devices, one and three alike; and cells without a path, which no device should be judged on."""
    space, rows = NasBench201(), {}
    for device, (seed, view, factor) in {
        "one": (1, "folded", 1.0),
        "two": (1, None, 0.1),
        "three": (1, "folded", 30.0),
    }.items():
        data = test_gaussian_process.cells(180, seed, 0.01, view)
        texts = [space.words(row) for row in data.codes]
        rows[device] = list(zip(texts, (factor * data.latency_ms).tolist(), strict=True))
        rows[device] += [(space.words(np.zeros(6, np.uint8)), 1e-9)]
    return write(tmp_path_factory.mktemp("tidy") / "cells.parquet", rows)


def asked(path: Path, *words: str) -> Result:
    return CliRunner().invoke(evaluate, [str(path), *words])


def document(path: Path, *words: str) -> dict[str, Any]:
    result = asked(path, *words, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_the_document_has_exactly_the_promised_fields(cells_file: Path) -> None:
    words = ("--space", "nasbench201", "--device", "one", "--train", "150", "--model", "gaussian_process")
    found = document(cells_file, *words)
    assert list(found) == [each.name for each in fields(Evaluation)]
    assert (found["n_train"], found["n_test"]) == (150, 30)  # the cell without a path is in neither
    assert found["mape_percent"] < 4
    assert found["fit_cpu_s"] > 0


def test_the_seed_alone_decides_the_split(cells_file: Path) -> None:
    words = ("--space", "nasbench201", "--device", "one", "--train", "150", "--model", "linear")
    errors = [document(cells_file, *words, "--seed", seed)["mape_percent"] for seed in ("0", "0", "5")]
    assert errors[0] == errors[1] != errors[2]


def test_few_networks_with_other_devices_as_prior(cells_file: Path) -> None:
    words = ("--space", "nasbench201", "--device", "one", "--train", "10")
    found = document(cells_file, *words, "--from", "two, three")
    assert found["model"] == "transfer"
    assert found["mape_percent"] < 5


def test_a_pruned_reading_helps_models_that_find_no_reading_themselves(cells_file: Path) -> None:
    words = ("--space", "nasbench201", "--device", "one", "--train", "150", "--model", "linear")
    assert (
        document(cells_file, *words, "--prune", "folded")["mape_percent"]
        < document(cells_file, *words)["mape_percent"]
    )


def test_operators_of_a_space_that_has_them(tmp_path: Path) -> None:
    space = find_space("hurricane")
    costs = np.random.default_rng(0).uniform(0.1, 1.0, len(space.placed))
    codes = sample(space, 60, seed=1)
    latency_us = 1200 * sum_over_layers(space, costs, codes)
    texts = [space.words(row).replace(",", " ") for row in codes]
    assert np.array_equal(from_text(space, texts[0].replace(" ", ",")), codes[0])
    networks = write(
        tmp_path / "n.parquet", {"x86": list(zip(texts, latency_us.tolist(), strict=True))}, "us"
    )
    keys = [placed.key for placed in space.placed]
    operators = write(tmp_path / "o.parquet", {"x86": list(zip(keys, costs.tolist(), strict=True))})
    words = ("--space", "hurricane", "--device", "x86", "--train", "20", "--operators", str(operators))
    found = document(networks, *words)
    assert found["model"] in ("lut", "hierarchical")
    assert found["mape_percent"] < 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--space", "nasbench201", "--device", "four"),
            "no device 'four' with latency, it has one, three, two",
        ),
        (("--space", "hurricane", "--device", "one"), "not of the space hurricane"),
        (("--space", "nasbench201", "--device", "one", "--train", "180"), "leave none to test on"),
        (
            ("--space", "nasbench201", "--device", "one", "--model", "lute", "--train", "9"),
            "did you mean lut",
        ),
        (
            ("--space", "nasbench201", "--device", "one", "--metric", "energy"),
            "no metric 'energy', it has latency",
        ),
        (("--space", "nasbench201", "--device", "one", "--prune", "all"), "knows pruned, unread, folded"),
        (
            ("--space", "nasbench201", "--device", "one", "--train", "9", "--model", "lut"),
            "needs measured operators",
        ),
        (("--space", "nosuch", "--device", "one"), "no space is called 'nosuch'"),
    ],
)
def test_what_cannot_be_done_is_told(cells_file: Path, words: tuple[str, ...], said: str) -> None:
    result = asked(cells_file, *words)
    assert result.exit_code != 0
    assert said in f"{result.output} {result.exception}"


def test_files_that_are_not_tidy_are_told(tmp_path: Path) -> None:
    words = ("--space", "nasbench201", "--device", "one")
    path = tmp_path / "odd.parquet"
    write(path, {})
    assert "has no rows" in str(asked(path, *words).exception)
    path.write_bytes(b"PAR1 and nothing")
    assert "no Parquet file" in str(asked(path, *words).exception)
    pq.write_table(pa.table({"arch": ["a"], "ms": [1.0]}), path)
    assert "no column device, metric, value, unit" in str(asked(path, *words).exception)
    write(path, {"one": [("a", 1.0)]}, unit="fortnights")
    assert "'fortnights'" in str(asked(path, *words).exception)
