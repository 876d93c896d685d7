"""Tables out and in again: CSV and Parquet hold the same, and the sample that ships is a good one."""

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from edgemeter.spaces.data_card import data_card
from edgemeter.spaces.foreign import architecture_text
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.table_files import TableFileError, table_rows
from edgemeter.spaces.tidy import COLUMNS, TableError, imported_values, tidy_rows, write_table
from edgemeter.wire.campaigns import (
    CampaignDocument,
    CampaignPlan,
    CampaignResult,
    CampaignState,
    CampaignTarget,
    Purpose,
    PurposeCounts,
)
from edgemeter.wire.recipes import RecipeKind

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ARCHITECTURE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|none~0|none~1|nor_conv_3x3~2|"
SAMPLE = Path(str(files("edgemeter.data") / "help_nasbench201_sample.csv.gz"))


def result(position: int, text: str, kind: RecipeKind, latency_ms: float | None) -> CampaignResult:
    return CampaignResult(
        target="box.cpu.fake-1.0.fp32.t1.b1",
        position=position,
        purpose=Purpose.OPERATOR if kind is RecipeKind.OPERATOR else Purpose.TRAIN,
        kind=kind,
        text=text,
        recipe_sha256="a" * 64,
        file_sha256="b" * 64,
        latency_ms=latency_ms,
        low_ms=latency_ms,
        high_ms=latency_ms,
        level=0.9,
        samples=18,
        valid=True,
        failure_kind=None,
        measurement_id=position + 1,
        protocol="survey",
        revision=1,
        device="box",
        measured_at=NOW,
    )


RESULTS = (
    result(0, "op|1x1x1->1|s1", RecipeKind.OPERATOR, 0.25),
    result(1, ARCHITECTURE, RecipeKind.ARCHITECTURE, 1.5),
    result(2, "op|1x1x1->2|s1", RecipeKind.OPERATOR, None),
    result(3, ARCHITECTURE, RecipeKind.ARCHITECTURE, 1.625),
)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    rows = list(tidy_rows(RESULTS))
    write_table(file := tmp_path / f"table.{ending}", rows)
    read = list(table_rows(file))
    assert tuple(read[0])[: len(COLUMNS)] == COLUMNS
    assert [str(row["arch_id"]) for row in read] == ["0", "1", "1"]
    assert [float(row["value"]) for row in read] == [0.25, 1.5, 1.625]
    values = imported_values(read)
    assert [(value.arch, value.value, value.unit) for value in values] == [
        ("op|1x1x1->1|s1", 0.25, "ms"),
        (ARCHITECTURE, 1.5, "ms"),
        (ARCHITECTURE, 1.625, "ms"),
    ]


def test_the_card_tells_what_was_measured_and_what_was_not() -> None:
    counts = {
        Purpose.OPERATOR: PurposeCounts(planned=2, measured=1, failed=1),
        Purpose.TRAIN: PurposeCounts(planned=2, measured=1, stored=1, invalid=1),
    }
    target = CampaignTarget(
        target="box.cpu.fake-1.0.fp32.t1.b1",
        contexts=10,
        counts=counts,
        round=1,
        device_s=12.0,
        retest_error=0.0123,
    )
    campaign = CampaignDocument(
        id=7,
        project="default",
        version=1,
        plan=CampaignPlan(space="nasbench201", targets=(target.target,)),
        state=CampaignState.DONE,
        created_at=NOW,
        targets=(target,),
    )
    card = data_card(campaign, list(tidy_rows(RESULTS)), "table.csv")
    assert "| `box.cpu.fake-1.0.fp32.t1.b1` | 1 | 2 | 0 | 0 | 1 | 1 | 1.2 % | 12 s |" in card
    assert "Of 10 distinct operators a sample of 2 was planned for" in card
    assert "3 rows" in card
    assert "{" not in card


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"arch": "a", "device": "d", "metric": "latency", "value": "fast", "unit": "ms"}, "row 2: 'fast'"),
        ({"arch": "a", "device": "", "metric": "latency", "value": "1", "unit": "ms"}, "row 2: .*no device"),
        ({"arch": "a", "device": "d", "metric": "latency", "value": "1"}, "row 2: .*no unit"),
    ],
)
def test_a_row_that_lacks_something_is_named(row: dict[str, str], words: str) -> None:
    good = {"arch": "a", "device": "d", "metric": "latency", "value": "1", "unit": "ms"}
    with pytest.raises(TableError, match=words):
        list(imported_values([good, row]))


def test_repeats_of_our_own_tables_are_left_out() -> None:
    row = {"arch": "a", "device": "d", "metric": "latency", "value": "1", "unit": "ms"}
    rows = [row | {"purpose": "train"}, row | {"purpose": "repeat"}]
    assert len(list(imported_values(rows))) == 1


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    for name, content in (
        ("a.txt", b"x"),
        ("a.csv.gz", b"no gzip"),
        ("a.csv", b"\xff\xfe"),
        ("a.parquet", b"x"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TableFileError, match=r"a\."):
            list(table_rows(tmp_path / name))


def test_the_sample_that_ships_is_small_and_all_of_its_space() -> None:
    assert SAMPLE.stat().st_size < 1_000_000
    assert "MIT License" in (SAMPLE.parent / "help_nasbench201_sample.LICENSE.txt").read_text()
    values = list(imported_values(table_rows(SAMPLE)))
    space = find_space("nasbench201")
    texts = {value.arch for value in values}
    assert len(values) == 7 * len(texts) == 28_000
    assert len({architecture_text(space, text) for text in sorted(texts)[::20]}) == len(texts) // 20
    assert {value.unit for value in values} == {"ms"}
    assert min(value.value for value in values) > 0
