"""int8 forms of the float files, by the quantisers that users of the formats have."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .layers import Network
from .tflite_file import SIGNATURE
from .weights import Floats, images

CALIBRATION_IMAGES = 64

Ranges = dict[str, dict[str, NDArray[np.float32]]]


def quantise_onnx(network: Network, model: bytes) -> bytes:
    """QDQ with unsigned activations and signed weights of seven bits, per channel.

    OpenVINO leaves most convolutions in float when activations are signed.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Calibration(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is not typed
        def __init__(self) -> None:
            self._pictures = _pictures(network)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            picture = next(self._pictures, None)
            return None if picture is None else {network.input.name: picture.transpose(0, 3, 1, 2)}

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "int8.onnx")
        quantize_static(
            onnx.load_from_string(model),
            target,
            Calibration(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Seven bits: processors without VNNI add two 8-bit products in 16 bits, which eight overflow.
            reduce_range=True,
        )
        return bytes(onnx.load(target).SerializeToString(deterministic=True))


def quantise_tflite(network: Network, model: bytes) -> bytes:
    """Weights and activations int8, input and output too."""
    from ai_edge_quantizer import quantizer, recipe

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "fp32.tflite"), Path(folder, "int8.tflite")
        source.write_bytes(model)
        engine = quantizer.Quantizer(str(source))
        engine.load_quantization_recipe(recipe.static_wi8_ai8())
        ranges = [engine.calibrate({SIGNATURE: [{network.input.name: p}]}) for p in _pictures(network)]
        engine.quantize(_widest(ranges)).export_model(str(target))
        return target.read_bytes()


def _widest(ranges: Sequence[Ranges]) -> Ranges:
    # The quantiser's own merging is a moving average that cuts off what a single picture shows.
    return {
        tensor: {
            "min": np.minimum.reduce([seen[tensor]["min"] for seen in ranges]),
            "max": np.maximum.reduce([seen[tensor]["max"] for seen in ranges]),
        }
        for tensor in ranges[0]
    }


def _pictures(network: Network) -> Iterator[Floats]:
    for picture in images(f"{network.name}/calibration", CALIBRATION_IMAGES, network.size):
        yield picture[np.newaxis]
