import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.isolation.texts import LENGTH_MAX, printable, without_paths

top = next(path.name for path in Path("/").iterdir() if path.is_dir() and path.name.isalpha())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"cannot open '/{top}/a/b.onnx': no", "cannot open 'b.onnx': no"),
        (f"/{top}/a/b/: bad", "b: bad"),
        (f"Load /{top}/x.onnx,/{top}/y.onnx failed", "Load x.onnx,y.onnx failed"),
        ("node /features/0/Conv has no kernel", "node /features/0/Conv has no kernel"),
        (f"a/{top}/b is relative", f"a/{top}/b is relative"),
        ("3/4", "3/4"),
    ],
)
def test_paths_of_this_machine_lose_their_folders(text: str, expected: str) -> None:
    assert without_paths(text) == expected


@given(st.lists(st.text(string.ascii_letters + string.digits + "._-", min_size=1), min_size=2, max_size=5))
def test_no_folder_survives(parts: list[str]) -> None:
    assert f"/{top}/" not in without_paths(f"x /{top}/{'/'.join(parts)} y")


@given(st.text())
def test_printable_text_is_one_harmless_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode()


def test_printable_text_is_bounded_and_otherwise_kept() -> None:
    assert printable("größer als 日本") == "größer als 日本"
    assert printable("\x1b[31m\n\ud800") == "\\x1b[31m\\n\\ud800"
    assert len(printable("x" * 10_000)) == LENGTH_MAX
