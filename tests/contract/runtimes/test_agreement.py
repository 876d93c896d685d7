"""Runtimes, and formats, compute the same function of the same network."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgemeter.targets import Precision
from edgemeter_agents.networks import SHIPPED, ShippedNetwork
from edgemeter_agents.runtimes.base import Format, Runtime, Settings
from edgemeter_agents.runtimes.litert import LiteRt
from edgemeter_agents.runtimes.onnxruntime import OnnxRuntime
from edgemeter_agents.runtimes.openvino import OpenVino

NAMES = sorted({network.name for network in SHIPPED})
ENGINES = {
    "onnxruntime": (OnnxRuntime, Format.ONNX),
    "openvino": (OpenVino, Format.ONNX),
    "openvino tflite": (OpenVino, Format.TFLITE),
    "litert": (LiteRt, Format.TFLITE),
}
_MODELS = Path(__file__).parents[3] / "../shared/models"
SHARED = sorted(file for form in Format for file in _MODELS.glob(f"*.{form}"))

Image = NDArray[np.float32]


def classes(engine: str, name: str, precision: Precision, image: Image) -> NDArray[np.float64]:
    runtime, form = ENGINES[engine]
    (file,) = (n.path for n in SHIPPED if (n.name, n.format, n.precision) == (name, form, precision))
    return _classes(runtime(), file, precision, image if form is Format.ONNX else image.transpose(0, 2, 3, 1))


def _classes(runtime: Runtime, file: Path, precision: Precision, image: Image) -> NDArray[np.float64]:
    runtime.load()
    session = runtime.prepare(file, Settings(precision), {})
    (spec,) = session.inputs
    # The int8 TFLite files take the image as int8: [0, 1) over the whole range.
    data = image if spec.dtype == np.float32 else np.floor(image * 256 - 128)
    session.bind({spec.name: data.astype(spec.dtype)})
    session.run()
    (result,) = session.read().values()
    return result.astype(np.float64)


def _image(name: str) -> Image:
    session = OnnxRuntime().prepare(_onnx(name).path, Settings(), {})
    return np.random.default_rng(3).random(session.inputs[0].shape, dtype=np.float32)


def _onnx(name: str) -> ShippedNetwork:
    return next(n for n in SHIPPED if n.name == name and n.format is Format.ONNX)


#: Without it, sums of two products of 8 bits saturate at 16 in some engines, with weights of full range.
_CPU = Path("/proc/cpuinfo")
VNNI = _CPU.exists() and bool({"avx512_vnni", "avx_vnni", "asimddp"} & set(_CPU.read_text().split()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "onnxruntime"])
def test_floats_agree(name: str, engine: str) -> None:
    image = _image(name)
    expected = classes("onnxruntime", name, Precision.FP32, image)
    found = classes(engine, name, Precision.FP32, image)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("engine", list(ENGINES))
def test_quantised_networks_stay_near_their_floats(name: str, engine: str) -> None:
    image = _image(name)
    expected = classes("onnxruntime", name, Precision.FP32, image).ravel()
    found = classes(engine, name, Precision.INT8, image).ravel()
    assert np.corrcoef(expected, found)[0, 1] > 0.9


@pytest.mark.skipif(not SHARED, reason="the shared networks are not beside this checkout")
@pytest.mark.parametrize("file", SHARED, ids=lambda file: file.name)
def test_networks_that_nobody_here_wrote(file: Path) -> None:
    engines = [
        engine for engine in (OnnxRuntime, OpenVino, LiteRt) if Format(file.suffix[1:]) in engine.formats
    ]
    first, second = (_results(engine(), file) for engine in engines)
    for one, other in zip(first, second, strict=True):
        if one.dtype.kind in "iu":  # engines round differently, layer after layer
            assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > (0.95 if VNNI else 0.85)
        else:
            # Some have constant weights: a softmax over huge equal numbers, decided by rounding.
            np.testing.assert_allclose(other, one, atol=2e-3 * max(1.0, float(np.abs(one).max())))


def _results(runtime: Runtime, file: Path) -> list[NDArray[np.generic]]:
    runtime.load()
    session = runtime.prepare(file, Settings(), {})
    generator = np.random.default_rng(5)
    largest = [100 if spec.dtype.kind in "iu" else 1 for spec in session.inputs]
    session.bind(
        {
            spec.name: (generator.random(spec.shape) * scale).astype(spec.dtype)
            for spec, scale in zip(session.inputs, largest, strict=True)
        }
    )
    session.run()
    return list(session.read().values())
