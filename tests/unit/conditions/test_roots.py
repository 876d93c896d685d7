from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.conditions.roots import numbered, parse_cpus, parse_integer, read_integer, read_text


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0-3,8", (0, 1, 2, 3, 8)),
        ("0 1 2 3", (0, 1, 2, 3)),
        ("5", (5,)),
        ("", ()),
        (None, ()),
        ("3-1", ()),
        ("1,x,2-,4", (1, 4)),
    ],
)
def test_lists_of_cpus(text: str | None, cpus: tuple[int, ...]) -> None:
    assert parse_cpus(text) == cpus


@given(st.sets(st.integers(0, 300)))
def test_any_set_of_cpus_survives_the_kernels_format(cpus: set[int]) -> None:
    ranges, ordered = [], sorted(cpus)
    while ordered:
        last = ordered[0]
        while last + 1 in cpus:
            last += 1
        ranges.append(f"{ordered[0]}-{last}" if last > ordered[0] else str(last))
        ordered = [n for n in ordered if n > last]
    assert parse_cpus(",".join(ranges)) == tuple(sorted(cpus))


@given(st.text())
def test_garbage_never_raises(text: str) -> None:
    assert all(n >= 0 for n in parse_cpus(text))
    assert parse_integer(text) is None or str(int(text)) == str(parse_integer(text))


def test_digits_of_other_scripts_and_underscores_are_no_numbers() -> None:
    assert [parse_integer(text) for text in ("\u0663", "1_000", "1.5", " 7", "-7")] == [None] * 4 + [-7]


def test_absent_and_unreadable_files_are_unknown(tmp_path: Path) -> None:
    assert read_text(tmp_path / "absent") is None
    assert read_text(tmp_path) is None
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\0\n")
    assert read_text(tmp_path / "bytes") == "\ufffd\ufffd"
    assert read_integer(tmp_path / "bytes") is None


def test_entries_come_in_numerical_order(tmp_path: Path) -> None:
    for name in ("cpu10", "cpu2", "cpufreq", "cpu", "xcpu1"):
        (tmp_path / name).mkdir()
    assert [n for n, _ in numbered(tmp_path, "cpu")] == [2, 10]
    assert list(numbered(tmp_path / "absent", "cpu")) == []
