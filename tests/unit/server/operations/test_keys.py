"""The server's key: one, private, whole."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from edgemeter_server.operations.keys import KeyFormatError, key_of_epoch, server_key
from edgemeter_server.settings import Settings

KEY = "0f" * 32


def test_the_settings_key_comes_first(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path, key=SecretStr(KEY), key_file=tmp_path / "absent")
    assert server_key(settings) == bytes.fromhex(KEY)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert server_key(Settings(data_folder=tmp_path, key_file=tmp_path / "key")) == bytes.fromhex(KEY)


def test_it_is_made_once_and_is_private(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path)
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: server_key(settings), range(8)))
    assert len(keys) == 1
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "0f" * 31, "0f" * 33, "xy" * 32])
def test_what_is_no_key_is_told_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(KeyFormatError, match="64 hex digits") as refused:
        server_key(Settings(data_folder=tmp_path, key=SecretStr(text)))
    assert not text or text not in str(refused.value)


def test_every_epoch_has_its_own() -> None:
    keys = {key_of_epoch(bytes.fromhex(KEY), epoch) for epoch in range(5)}
    assert len(keys) == 5
    assert all(len(key) == 32 for key in keys)
