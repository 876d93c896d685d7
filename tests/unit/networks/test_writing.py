"""The same network is the same bytes, everywhere; and what is written where a package is missing."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgemeter.networks import writing
from edgemeter.networks.building import Builder, BuildError
from edgemeter.networks.filters import LARGEST_INT8, Filters
from edgemeter.networks.network import Activation, Map, Network
from edgemeter.networks.writing import MissingExtraError, write
from edgemeter.targets import Precision

RELU, RELU6, HSWISH = Activation.RELU, Activation.RELU6, Activation.HSWISH
#: Committed: a change of any of them makes all stored files of built networks other files.
SUMS = Path(__file__).parent / "written.sha256.json"


def squeezed() -> Network:
    b = Builder("squeezed", Map(14, 14, 24))
    x = b.conv(b.input, 72, activation=RELU6)
    x = b.squeeze_excite(b.depthwise(x, 5, activation=RELU6))
    return b.finish(b.add(b.input, b.conv(x, 24)))


def shuffled() -> Network:
    b = Builder("shuffled", Map(13, 11, 3), batch=2)
    left, right = b.split(b.conv(b.input, 24, 3, 2, activation=RELU))
    x = b.shuffle(b.concat(left, b.conv(right, 12, 3, groups=4, activation=HSWISH)))
    return b.finish(b.dense(b.global_average(b.max_pool(x, 3, 2)), 7), b.average_pool(x, 3))


def wide() -> Network:
    b = Builder("wide", Map(4, 4, 520))
    return b.finish(b.conv(b.input, 700, 3))


NETWORKS = {network.name: network for network in (squeezed(), shuffled(), wide())}


def sums() -> dict[str, str]:
    return {
        f"{name}_{precision}.{form}": hashlib.sha256(write(network, form, precision)).hexdigest()
        for name, network in NETWORKS.items()
        for form in ("onnx", "tflite")
        for precision in (Precision.FP32, Precision.INT8)
    }


def test_bytes_are_those_of_every_other_machine() -> None:
    assert sums() == json.loads(SUMS.read_text())


def test_bytes_do_not_depend_on_the_process() -> None:
    script = "import json; from tests.unit.networks.test_writing import sums; print(json.dumps(sums()))"
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": "."}
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == json.loads(SUMS.read_text())


def test_a_name_enters_no_weight() -> None:
    renamed = replace(squeezed(), name="renamed1")  # as long as the other
    one, other = write(squeezed(), "onnx", Precision.FP32), write(renamed, "onnx", Precision.FP32)
    assert one.replace(b"squeezed", b"renamed1") == other


@pytest.mark.parametrize("precision", [Precision.FP16, Precision.BF16])
def test_half_precisions_are_arithmetic_and_not_files(precision: Precision) -> None:
    assert write(squeezed(), "onnx", precision) == write(squeezed(), "onnx", Precision.FP32)


def test_an_unknown_format() -> None:
    with pytest.raises(BuildError, match="onnx or tflite, not 'coreml'"):
        write(squeezed(), "coreml", Precision.FP32)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["onnx", "tflite"])
def test_a_missing_package_is_told_with_the_line_that_installs_it(
    form: writing.FileFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'edgemeter\[{form}\]'"):
        write(squeezed(), form, Precision.FP32)


def test_filters_sum_to_zero_over_the_channels_and_keep_their_scale() -> None:
    filters = Filters(key=3, outputs=40, taps=9, inputs=64, spread=0.5)
    weights = np.concatenate(list(filters.blocks()))
    assert weights.shape == (40, 9, 64)
    np.testing.assert_allclose(weights.sum(axis=2), 0, atol=1e-5)
    np.testing.assert_allclose(weights.var(), 0.25 / 3, rtol=0.05)
    correlations = np.corrcoef(weights.reshape(40, -1))
    assert np.abs(correlations - np.eye(40)).max() < 0.25


@pytest.mark.parametrize("inputs", [1, 3, 64])
def test_int8_weights_are_the_floats_in_seven_bits(inputs: int) -> None:
    filters = Filters(key=3, outputs=40, taps=9, inputs=inputs, spread=0.5, centre=0.3)
    weights, stored = np.concatenate(list(filters.blocks())), np.concatenate(list(filters.int8_blocks()))
    scales = filters.scales()[:, np.newaxis, np.newaxis]
    assert np.abs(stored).max() <= LARGEST_INT8
    assert np.abs(stored * scales - weights).max() <= 0.501 * scales.max()
    np.testing.assert_allclose(filters.sums(), weights.astype(np.float64).sum(axis=(1, 2)), atol=1e-4)


def test_a_filter_beyond_the_bounds() -> None:
    b = Builder("huge", Map(1, 1, 200_000))
    with pytest.raises(BuildError, match="a filter of 200,000 weights; the limit is 131,072"):
        write(b.finish(b.dense(b.input, 2)), "onnx", Precision.FP32)
