from dataclasses import replace
from pathlib import Path

import pytest

from edgemeter_agents.batches.anchor_store import STATE_VARIABLE, AnchorKey, AnchorStore, default_folder
from edgemeter_agents.measuring.anchors import AnchorReading, AnchorSession
from edgemeter_agents.measuring.history import AnchorHistory

KEY = AnchorKey("box.cpu.fake-1.0.fp32.t1.b1", "1.0.0", "digest", "fifo", (1,), ("a", "b"))
READING = AnchorReading(1.0, 1.0, 0.01)
HISTORY = AnchorHistory().add(AnchorSession(READING, READING, quiet=True, repeats={"x": 2.0}))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    AnchorStore(tmp_path / "new").save(KEY, HISTORY)
    assert AnchorStore(tmp_path / "new").load(KEY) == HISTORY


def test_another_priority_has_another_history(tmp_path: Path) -> None:
    store = AnchorStore(tmp_path)
    store.save(KEY, HISTORY)
    assert store.load(replace(KEY, priority="normal")) == AnchorHistory()


@pytest.mark.parametrize("garbage", ["", "{", "[]", "{}", '{"version": 1, "founding": 3}', "null"])
def test_a_damaged_history_counts_as_none(tmp_path: Path, garbage: str) -> None:
    (tmp_path / KEY.file_name).write_text(garbage)
    assert AnchorStore(tmp_path).load(KEY) == AnchorHistory()


def test_the_environment_moves_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    assert default_folder() == tmp_path / "anchors"
