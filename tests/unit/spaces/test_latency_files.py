import json
from pathlib import Path
from typing import Final

import pytest

from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.latency_files import LatencyFileError, read_latencies
from edgemeter.spaces.scores import Latency

SPACE: Final = Hurricane()
KEY: Final = "Choice_3|56x56x64->64|s1"
STEM: Final = "stem|224x224x3->16|s2"


def read(folder: Path, name: str, content: str) -> dict[str, Latency]:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return read_latencies(path, SPACE)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"text,latency_ms,low_ms,high_ms\n{KEY},2,1.5,2.5\nstem,1,,\n"),
        ("a.json", json.dumps({KEY: {"latency_ms": 2, "low_ms": 1.5, "high_ms": 2.5}, "stem": 1})),
        (
            "a.json",
            json.dumps(
                {
                    "target": "t",
                    "rows": [
                        {"text": KEY, "latency_ms": 2, "low_ms": 1.5, "high_ms": 2.5},
                        {"text": STEM, "latency_ms": 1},
                    ],
                }
            ),
        ),
    ],
)
def test_forms_of_files(tmp_path: Path, name: str, content: str) -> None:
    assert read(tmp_path, name, content) == {KEY: Latency(2, 1.5, 2.5), STEM: Latency(1, 1, 1)}


def test_of_a_tidy_table_the_valid_operators_count(tmp_path: Path) -> None:
    rows = (
        "arch,metric,value,unit,low,high,valid,purpose\n"
        f"{KEY},op_latency,2000,us,1500,2500,True,operator\n"
        f"{KEY},op_latency,2100,us,1500,2500,True,repeat\n"
        "stem,op_latency,9,ms,,,False,operator\n"
        "hurricane@1:SEP_3,latency,20,ms,,,True,train\n"
        f"{KEY},energy,3,mJ,,,True,operator\n"
    )
    assert read(tmp_path, "a.csv", rows) == {KEY: Latency(2, 1.5, 2.5)}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", f"text,latency_ms\n{KEY},1\n{KEY},2\n", "row 2: .* was there before"),
        ("a.csv", f"text,latency_ms\n{KEY},-1\n", "row 1: latency_ms is -1.0, not above 0"),
        ("a.csv", f"text,latency_ms\n{KEY},nan\n", "not above 0"),
        ("a.csv", f"text,latency_ms\n{KEY},fast\n", "not a number: 'fast'"),
        ("a.csv", f"text,latency_ms,low_ms,high_ms\n{KEY},1,2,3\n", "not between"),
        ("a.csv", "text,latency_ms\nChoice_9,1\n", "row 1: hurricane has no operator 'Choice_9'"),
        ("a.csv", "latency_ms\n1\n", "there is no operator"),
        ("a.csv", f"arch,metric,value,unit\n{KEY},op_latency,1,minutes\n", "unit is 'minutes'"),
        ("a.csv", "text,latency_ms\n", "has no latency"),
        ("a.json", "{", "Expecting"),
        ("a.json", "3", "neither a list"),
        ("a.json", "[" * 100_000, "recursion"),
        ("a.txt", "", r"neither \.csv"),
    ],
)
def test_files_that_cannot_be_read_say_where_and_why(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    with pytest.raises(LatencyFileError, match=said):
        read(tmp_path, name, content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LatencyFileError, match="No such file"):
        read_latencies(tmp_path / "none.csv", SPACE)
