"""Tables of others, checked: rows that are wrong are named, and files that are no tables refused."""

import csv
import io
from pathlib import Path

import pytest

from edgemeter.spaces.hurricane import Hurricane
from edgemeter_server.campaigns.import_checking import Checked, check_table
from edgemeter_server.http.problems import Refusal

SPACE = Hurricane()
ONE, TWO = (",".join([word] * 20) for word in ("MB_3_1", "SEP_3"))
COLUMNS = ("arch", "device", "metric", "value", "unit")
GOOD = (
    (ONE, "phone", "latency", "2.5", "ms"),
    (f"hurricane@1:{TWO}", "phone", "latency", "2500.0", "us"),
    (TWO.replace(",", " "), "board", "latency", "0.5", "s"),
    (TWO, "board", "energy", "1.0", "J"),
)


def written(folder: Path, *rows: tuple[str, ...], columns: tuple[str, ...] = COLUMNS) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    (path := folder / "table.csv").write_text(text.getvalue())
    return path


def refused(path: Path) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check_table(SPACE, path)
    assert list(path.parent.iterdir()) == [path]
    return caught.value


def test_values_are_told_in_one_unit_and_rows_as_the_file_numbers_them(tmp_path: Path) -> None:
    operator = (SPACE.placed[1].key, "phone", "op_latency", "1", "ms")
    table = check_table(SPACE, written(tmp_path, operator, *GOOD))
    assert table.count == len(GOOD)
    assert list(table.rows()) == [
        Checked(2, f"hurricane@1:{ONE}", "phone", "latency", 2.5, "ms"),
        Checked(3, f"hurricane@1:{TWO}", "phone", "latency", 2.5, "ms"),
        Checked(4, f"hurricane@1:{TWO}", "board", "latency", 500.0, "ms"),
        Checked(5, f"hurricane@1:{TWO}", "board", "energy", 1000.0, "mJ"),
    ]
    same = check_table(SPACE, written(tmp_path, *reversed(GOOD)))
    other = check_table(SPACE, written(tmp_path, *GOOD[:3]))
    assert table.sha256 == same.sha256 != other.sha256
    for each in (table, same, other):
        each.close()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((TWO, "phone", "power", "1.0", "furlongs"), "unit 'furlongs'"),
        ((TWO, "phone", "power", "-1.0", "ms"), "-1.0 is no power"),
        ((TWO, "phone", "power", "0.0", "ms"), "0.0 is no power"),
        ((TWO, "phone", "power", "nan", "ms"), "nan is no power"),
        ((TWO, "phone", "power", "1e999", "ms"), "1e999 is no power"),
        ((TWO, "phone", "power", "fast", "ms"), "fast is no power"),
        ((TWO.replace("SEP_3", "SEP_9", 1), "phone", "power", "1.0", "ms"), "'SEP_9'"),
        ((ONE, "phone", "latency", "1.0", "ms"), "as in row 1"),
        (("nonsense", "phone", "power", "1.0", "ms"), "20 choices"),
        (("", "phone", "power", "1.0", "ms"), "1 to 2000"),
        ((TWO, "", "power", "1.0", "ms"), "a device has"),
        ((TWO, "ph\x1bone", "power", "1.0", "ms"), "a device has"),
        ((TWO, "phone", "x" * 65, "1.0", "ms"), "a metric has 1 to 64"),
        ((TWO, "phone"), "a metric has 1 to 64"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: tuple[str, ...], words: str) -> None:
    refusal = refused(written(tmp_path, *GOOD, row))
    assert str(refusal).startswith("nothing was imported. row 5: ")
    assert words in refusal.errors[0].detail
    assert {error.pointer.rpartition("/")[2] for error in refusal.errors} == {"4"}


def test_the_first_of_many_errors_are_told_and_all_counted(tmp_path: Path) -> None:
    again, wrong = [GOOD[0]] * 30, [(TWO, "phone", "power", "-1.0", "ms")] * 30
    refusal = refused(written(tmp_path, *GOOD, *wrong, *again))
    assert str(refusal).endswith("(and 59 more)")
    assert [error.pointer for error in refusal.errors] == [f"/value/{at}" for at in range(4, 24)]
    refusal = refused(written(tmp_path, *GOOD, *again))
    assert [error.detail for error in refusal.errors] == [
        f"row {at}: the same architecture, device and metric as in row 1" for at in range(5, 25)
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no 'arch'"),
        (b"arch,device,metric,value,unit\n", "no row of an architecture"),
        (b"arch,device,metric,value,units\n", "no 'unit'"),
        (b"arch,device,metric,value,unit\na,b\xffard,c,d,e\n", "UTF-8"),
        (b'arch,device,metric,value,unit\n"' + b"x\n" * 100_000, "row 1: field larger than"),
        (b"arch,device,metric,value,unit\n" + b"x" * 70_000, "row 1: a line has 65,536"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (path := tmp_path / "table.csv").write_bytes(content)
    assert words in str(refused(path))
