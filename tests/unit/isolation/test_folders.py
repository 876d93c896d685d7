import os
import stat
import tempfile
from pathlib import Path

import pytest

from edgemeter.failures import FailureError, FailureKind
from edgemeter.isolation import attempt_folder, private_copy


@pytest.fixture
def network(tmp_path: Path) -> Path:
    file = tmp_path / "net.onnx"
    file.write_bytes(os.urandom(100_000))
    file.chmod(0o600)
    return file


def test_a_folder_is_private_and_temporary(tmp_path: Path) -> None:
    with attempt_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == []


def test_a_folder_goes_when_the_attempt_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), attempt_folder(tmp_path):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_goes_with_whatever_is_in_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    with attempt_folder(tmp_path) as folder:
        (folder / "link").symlink_to(outside)
        (folder / "dangling").symlink_to("nowhere")
        os.mkfifo(folder / "fifo")
        (folder / "closed" / "inner").mkdir(parents=True)
        (folder / "closed" / "inner" / "file").write_text("x")
        (folder / "closed" / "inner").chmod(0)
        (folder / "closed").chmod(0)
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n")).write_text("x")
        folder.chmod(0)
    assert list(tmp_path.iterdir()) == [outside]
    assert (outside / "kept").read_text() == "x"


def test_a_folder_that_became_a_link_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    with attempt_folder(tmp_path) as folder:
        folder.rename(tmp_path / "moved")
        folder.symlink_to(outside)
    assert (outside / "kept").read_text() == "x"


def test_a_copy_lies_alone_under_a_plain_name(network: Path, tmp_path: Path) -> None:
    with attempt_folder(tmp_path) as folder:
        copy = private_copy(network, folder)
        assert list(folder.iterdir()) == [copy]
        assert copy.name == "model.onnx"
        assert copy.read_bytes() == network.read_bytes()
        assert not copy.is_symlink()
        assert copy.stat().st_ino != network.stat().st_ino
        assert stat.S_IMODE(copy.stat().st_mode) == 0o444


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.ONNX", "model.onnx"),
        ("a", "model"),
        ("a.b c", "model"),
        ("a.tar.gz", "model.gz"),
        ("a.\n", "model"),
    ],
)
def test_of_the_name_only_a_plain_suffix_stays(tmp_path: Path, name: str, expected: str) -> None:
    file = tmp_path / name
    file.write_text("x")
    with attempt_folder(tmp_path) as folder:
        assert private_copy(file, folder).name == expected


def test_a_copy_between_file_systems(network: Path) -> None:
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == network.stat().st_dev:
        pytest.skip("no second file system")
    with tempfile.TemporaryDirectory(dir=memory) as other, attempt_folder(Path(other)) as folder:
        assert private_copy(network, folder).read_bytes() == network.read_bytes()


def test_a_copy_where_the_kernel_cannot_copy(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError

    monkeypatch.setattr(os, "copy_file_range", refuse)
    with attempt_folder(tmp_path) as folder:
        assert private_copy(network, folder).read_bytes() == network.read_bytes()


def refusal(file: Path, tmp_path: Path, size_bytes_max: int = 1 << 30) -> str:
    with attempt_folder(tmp_path) as folder, pytest.raises(FailureError) as raised:
        private_copy(file, folder, size_bytes_max=size_bytes_max)
    assert raised.value.failure.kind is FailureKind.MALFORMED
    assert str(tmp_path) not in raised.value.failure.message
    return raised.value.failure.message


def test_a_symbolic_link_is_refused(network: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.onnx"
    link.symlink_to(network)
    assert "symbolic link" in refusal(link, tmp_path)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert "regular" in refusal(tmp_path / "fifo", tmp_path)
    assert "regular" in refusal(tmp_path, tmp_path)


def test_a_file_that_is_too_large_is_refused(network: Path, tmp_path: Path) -> None:
    size = network.stat().st_size
    assert "larger" in refusal(network, tmp_path, size - 1)
    with attempt_folder(tmp_path) as folder:
        assert private_copy(network, folder, size_bytes_max=size).stat().st_size == size


def test_a_huge_file_is_refused_before_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge.onnx").open("wb") as file:
        file.truncate(5 << 30)
    monkeypatch.setattr("edgemeter.isolation.folders._copy_some", lambda *_: pytest.fail("it was copied"))
    assert refusal(tmp_path / "huge.onnx", tmp_path, 4 << 30) == "the file is larger than 4 GiB"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with attempt_folder(tmp_path) as folder, pytest.raises(FileNotFoundError):
        private_copy(tmp_path / "no.onnx", folder)
