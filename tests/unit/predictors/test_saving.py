import hashlib
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter.spaces.space import Codes
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.container import MAGIC, FileError, pack, unpack
from edgemeter_predictors.saving.predictors import load, save
from edgemeter_predictors.training import train
from tests.unit.predictors import blocks

#: As version 1 of the format wrote it; every later reader opens it.
VERSION_1 = Path(__file__).parents[2] / "data" / "predictor_1.edgemeter"
FIXED = struct.calcsize("<20sIIQ32s")


@pytest.fixture(scope="module")
def predictor() -> Predictor[Codes]:
    return train(Hierarchical(), blocks.data(30), count=5, about={"target": "a board"})


@pytest.fixture(scope="module")
def saved(predictor: Predictor[Codes]) -> bytes:
    return save(predictor, blocks.SPACE)


def sealed(header: bytes, body: bytes, version: int = 1) -> bytes:
    digest = hashlib.sha256(header + body).digest()
    return struct.pack("<20sIIQ32s", MAGIC, version, len(header), len(body), digest) + header + body


def forged(saved: bytes, **changes: object) -> bytes:
    """With another header, and a checksum that fits it."""
    length = struct.unpack_from("<I", saved, 24)[0]
    header = json.loads(saved[FIXED : FIXED + length])
    return sealed(json.dumps({**header, **changes}).encode(), saved[FIXED + length :])


def test_the_same_predictor_is_the_same_bytes(predictor: Predictor[Codes], saved: bytes) -> None:
    assert save(predictor, blocks.SPACE) == saved
    assert save(load(saved, blocks.SPACE), blocks.SPACE) == saved


@settings(max_examples=40)
@given(st.integers(0, 10**9))
def test_a_truncated_file_is_refused(saved: bytes, length: int) -> None:
    with pytest.raises(FileError):
        load(saved[: length % len(saved)], blocks.SPACE)


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.integers(1, 255))
def test_a_changed_file_is_refused(saved: bytes, place: int, change: int) -> None:
    changed = bytearray(saved)
    changed[place % len(saved)] ^= change
    with pytest.raises(FileError):
        load(bytes(changed), blocks.SPACE)


def test_a_file_from_the_future_names_the_way_out(saved: bytes) -> None:
    with pytest.raises(FileError, match=r"newer EdgeMeter: its format is 2.*Upgrade"):
        load(sealed(b"{}", b"", version=2), blocks.SPACE)


def test_another_space_or_version_is_refused(saved: bytes) -> None:
    with pytest.raises(FileError, match="of blocks version 9, not of blocks version 1"):
        load(forged(saved, space=["blocks", 9]), blocks.SPACE)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "forest"},
        {"kind": None},
        {"parameters": {}},
        {"parameters": None},
        {"arrays": {}},
        {"arrays": {"entries_ms": ["<f8", [10**12], 0]}},
        {"arrays": {"entries_ms": ["<f8", [-1], 0]}},
        {"arrays": {"entries_ms": ["|O", [1], 0]}},
        {"arrays": {"entries_ms": ["<f8", [1], 10**9]}},
        {"arrays": {"entries_ms": 7}},
        {"arrays": [1]},
        {"calibration": {"multiples": "wide", "networks": 3}},
        {"errors": {"mape": 1}},
        {"space": "blocks"},
        {"networks": "many"},
    ],
)
def test_a_forged_header_is_refused(saved: bytes, changes: dict[str, object]) -> None:
    with pytest.raises(FileError):
        load(forged(saved, **changes), blocks.SPACE)


def test_tables_that_do_not_fit_the_space_are_refused(saved: bytes) -> None:
    length = struct.unpack_from("<I", saved, 24)[0]
    parameters = json.loads(saved[FIXED : FIXED + length])["parameters"]
    for terms in ([[[0], [3], 0]], [[[9], [6], 0]], [[[0], [6], 77]], []):
        with pytest.raises(FileError):
            load(forged(saved, parameters={**parameters, "terms": terms}), blocks.SPACE)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    for data in (noise, MAGIC + noise, sealed(noise, b"")):
        with pytest.raises(FileError):
            load(data, blocks.SPACE)


def test_arrays_come_back_as_they_were() -> None:
    arrays = {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": np.zeros((0, 4)), "c": np.array(2.5)}
    header, again = unpack(pack({"x": [1, "y"]}, arrays))
    assert header == {"x": [1, "y"]}
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)
        assert again[name].dtype == array.dtype


def test_objects_are_never_saved() -> None:
    with pytest.raises(FileError, match="object"):
        pack({}, {"a": np.array([{}])})


def test_version_1_opens() -> None:
    predictor = load(VERSION_1.read_bytes(), blocks.SPACE)
    assert predictor.about == {"target": "a board"}
    assert predictor.networks == 30
    expected = train(Hierarchical(), blocks.data(30), count=5).predict(blocks.sample(9))
    np.testing.assert_allclose(predictor.predict(blocks.sample(9)).mean_ms, expected.mean_ms, rtol=1e-3)


def test_serving_imports_neither_scikit_learn_nor_scipy() -> None:
    script = (
        "import sys; import edgemeter_predictors.evaluation.local;"
        "print([name for name in ('sklearn', 'scipy', 'onnx', 'numba') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
