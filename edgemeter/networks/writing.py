"""Writes a network as a file for a runtime: the same network is the same bytes on every machine."""

from importlib.util import find_spec
from typing import Final, Literal, get_args

from edgemeter.failures import EdgeMeterError
from edgemeter.networks.building import BuildError
from edgemeter.networks.network import Network
from edgemeter.networks.plan import plan
from edgemeter.networks.quantisation import steps
from edgemeter.targets import Precision

FileFormat = Literal["onnx", "tflite"]
#: The package that writes each format; the format's extra brings it.
_PACKAGES: Final = {"onnx": "onnx", "tflite": "flatbuffers"}


class MissingExtraError(EdgeMeterError):
    """A package that a format needs is not installed. Says the line that installs it."""


def write(network: Network, format: FileFormat, precision: Precision) -> bytes:  # noqa: A002 - the agent's word
    """The file of `network`: ONNX in NCHW, TFLite in NHWC.

    int8 is QDQ with unsigned activations in ONNX, which takes and gives floats, and full int8 in TFLite,
    which takes and gives int8. fp16 and bf16 are arithmetic, not files: a runtime that offers them
    (OpenVINO) is told to compute so, and takes the fp32 file.

    Raises BuildError for an unknown format and for filters beyond the writer's bounds, and
    MissingExtraError, with the line that installs it, where a package is missing.
    """
    if format not in get_args(FileFormat):
        raise BuildError(f"networks are written as onnx or tflite, not {format!r}")
    if find_spec(_PACKAGES[format]) is None:
        raise MissingExtraError(
            f"writing {format} files needs the {_PACKAGES[format]} package; "
            f"try: pip install 'edgemeter[{format}]'"
        )
    choices = plan(network)
    quantised = steps(network, choices) if precision is Precision.INT8 else None
    if format == "onnx":
        from edgemeter.networks.onnx_file import write_onnx

        return write_onnx(network, choices, quantised)
    from edgemeter.networks.tflite_file import write_tflite

    return write_tflite(network, choices, quantised)
