import hashlib
import json
import os
from pathlib import Path

import pytest

import edgemeter
from edgemeter_agents.conditions import software
from edgemeter_agents.conditions.provenance import read_provenance
from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.conditions.software import (
    file_sha256,
    given_options,
    read_engine,
    read_timer,
    relevant_environment,
)


class Installed:
    """A distribution as importlib.metadata gives it, over a folder of files."""

    version = "1.2.3"

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder = folder
        self.files = [Path(name) for name in names]

    def locate_file(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = ["engine/b.so", "engine/a.so.1.2", "engine/readme.txt", "engine/gone.so"]
    (tmp_path / "engine").mkdir()
    for name in names[:3]:
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(software, "distribution", lambda _: Installed(tmp_path, names))
    return tmp_path / "engine"


def test_an_engine_is_known_by_all_its_binaries(installed: Path) -> None:
    first = read_engine("engine")
    assert first is not None
    assert (first.version, first.binaries) == ("1.2.3", 2)
    (installed / "readme.txt").write_text("other words")
    assert read_engine("engine") == first
    (installed / "b.so").write_text("another build of the same version")
    assert read_engine("engine") != first


def test_an_absent_engine_is_none() -> None:
    assert read_engine("no-such-engine-anywhere") is None


def test_a_file_is_hashed_again_only_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "library"
    file.write_bytes(b"one")
    os.utime(file, ns=(1, 1))
    assert file_sha256(file) == hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert file_sha256(file) == hashlib.sha256(b"one").hexdigest()  # same size and time: not read
    os.utime(file, ns=(2, 2))
    assert file_sha256(file) == hashlib.sha256(b"two").hexdigest()


def test_only_variables_about_threads_and_memory_get_out() -> None:
    environment = {
        "OMP_NUM_THREADS": "2",
        "MALLOC_ARENA_MAX": "1",
        "LD_PRELOAD": "/home/alice/lib/libjemalloc.so.2:/opt/x.so",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "HOME": "/home/alice",
        "XOMP_NUM_THREADS": "3",
    }
    assert relevant_environment(environment) == {
        "OMP_NUM_THREADS": "2",
        "MALLOC_ARENA_MAX": "1",
        "LD_PRELOAD": "libjemalloc.so.2:x.so",
    }


def test_options_come_without_their_values() -> None:
    words = (
        "measure",
        "/home/alice/net.onnx",
        "--target",
        "openvino",
        "--token=hunter2",
        "--layers",
        "-q",
        "--",
    )
    assert given_options(words) == ("--target", "--token", "--layers")


def test_the_timer_says_what_it_can_tell_apart(bare_vm: Roots) -> None:
    timer = read_timer(bare_vm)
    assert timer.step_ns > 0
    assert timer.resolution_ns > 0
    assert timer.source is None


def test_provenance_is_plain_and_tells_nothing_private(
    monkeypatch: pytest.MonkeyPatch, raspberry_pi: Roots, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["edgemeter", "measure", str(tmp_path / "private.onnx"), "--json"])
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    provenance = read_provenance(raspberry_pi, ["numpy", "no-such-engine-anywhere"])
    text = json.dumps(provenance.document(), allow_nan=False)
    assert provenance.edgemeter_version == edgemeter.__version__
    assert [engine.distribution for engine in provenance.engines] == ["numpy"]
    assert provenance.engines[0].binaries > 0
    assert provenance.libraries["numpy"] == provenance.engines[0].version
    assert (provenance.options, provenance.environment["OMP_NUM_THREADS"]) == (("--json",), "1")
    for private in (str(tmp_path), "private", str(Path.home())):
        assert private not in text
