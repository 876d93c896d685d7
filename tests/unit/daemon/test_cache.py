"""The cache hands out only what it was asked for, and stays within its bound."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter.failures import FailureError, FailureKind
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter_agents.daemon.cache import Cache, DigestError


def reference(content: bytes) -> ArtifactReference:
    sha256 = hashlib.sha256(content).hexdigest()
    return ArtifactReference(sha256=sha256, size_bytes=len(content), format="onnx", name="net")


def store(cache: Cache, content: bytes, needed: tuple[str, ...] = ()) -> Path:
    arriving = cache.begin(reference(content), needed)
    arriving.write(content[arriving.offset :])
    path = arriving.finish()
    arriving.close()
    return path


@settings(max_examples=30)  # each puts real files on a real disk
@given(
    contents=st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=15),
    data=st.data(),
)
def test_it_stays_within_its_bound_and_tells_the_truth(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], data: st.DataObject
) -> None:
    cache = Cache(folder := tmp_path_factory.mktemp("cache"), limit_bytes=1000)
    for content in contents:
        store(cache, content)
        asked = data.draw(st.sampled_from(contents))
        found = cache.find(reference(asked))
        assert found is None or found.read_bytes() == asked
        assert cache.find(reference(content)) is not None
        assert sum(path.stat().st_size for path in folder.iterdir()) <= 1000


@given(content=st.binary(min_size=1, max_size=300), data=st.data())
def test_a_flipped_bit_or_a_cut_file_is_never_handed_out(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject
) -> None:
    cache = Cache(tmp_path_factory.mktemp("cache"), 10_000)
    path = store(cache, content)
    facts, changed = path.stat(), bytearray(content)
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        changed[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del changed[at:]
    path.write_bytes(changed)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert cache.find(reference(content)) is None
    assert not path.exists()


@given(content=st.binary(min_size=2, max_size=300), cuts=st.lists(st.integers(1, 299), max_size=4))
def test_a_transfer_goes_on_where_it_was_cut(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    for cut in sorted(cuts):
        arriving = Cache(folder, 10_000).begin(reference(content), ())
        arriving.write(content[arriving.offset : cut])
        arriving.close()
    assert store(Cache(folder, 10_000), content).read_bytes() == content


def test_other_bytes_of_the_right_length_are_refused(tmp_path: Path) -> None:
    arriving = Cache(tmp_path, 100).begin(reference(b"right"), ())
    arriving.write(b"wrong")
    with pytest.raises(DigestError, match="not what"):
        arriving.finish()
    arriving.close()


def test_more_or_fewer_bytes_than_announced_are_refused(tmp_path: Path) -> None:
    arriving = Cache(tmp_path, 100).begin(reference(b"right"), ())
    with pytest.raises(DigestError, match="more"):
        arriving.write(b"rights")
    arriving.restart()
    arriving.write(b"rig")
    with pytest.raises(DigestError, match="fewer"):
        arriving.finish()
    arriving.close()


def test_the_least_recently_used_gives_way(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 30)
    first, second = store(cache, b"a" * 10), store(cache, b"b" * 10)
    store(cache, b"c" * 10)
    os.utime(second, ns=(1, 1))
    assert cache.find(reference(b"a" * 10)) == first
    store(cache, b"d" * 10)
    assert not second.exists()
    assert first.exists()


def test_what_a_batch_needs_does_not_give_way(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 20)
    store(cache, b"a" * 10)
    store(cache, b"b" * 10)
    needed = (reference(b"a" * 10).sha256, reference(b"b" * 10).sha256)
    with pytest.raises(FailureError) as refused:
        cache.begin(reference(b"c" * 10), needed)
    assert refused.value.failure.kind is FailureKind.DEVICE_UNREADY
    assert cache.find(reference(b"a" * 10)) is not None


def test_a_network_larger_than_the_cache_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailureError) as refused:
        Cache(tmp_path, 20).begin(reference(b"c" * 21), ())
    assert refused.value.failure.kind is FailureKind.OUT_OF_MEMORY


@pytest.mark.parametrize("suffix", [".onnx", ".part"])
def test_links_are_not_followed(tmp_path: Path, suffix: str) -> None:
    content = b"secret"
    outside = tmp_path / "outside"
    outside.write_bytes(content)
    cache = Cache(tmp_path / "cache", 100)
    link = tmp_path / "cache" / (reference(content).sha256 + suffix)
    link.symlink_to(outside)
    assert cache.find(reference(content)) is None
    store(cache, content)
    assert outside.read_bytes() == content
    assert not link.is_symlink()
