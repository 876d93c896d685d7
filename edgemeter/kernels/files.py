"""The networks of a campaign as files: every fifth of one operator that other tools write, the rest drawn.

Some have their weights listed as inputs too, as older exporters do: ONNX Runtime then takes them for
changeable, and leaves convolutions in the plain layout, with kernels of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edgemeter.kernels.operators import operator_name, operator_network
from edgemeter.kernels.sampling import campaign_network
from edgemeter.networks.writing import FileFormat, write
from edgemeter.targets import Precision

_EVERY_OPERATOR: Final = 5
_EVERY_CHANGEABLE: Final = 6


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """`name` says which network it is: the same name is the same file."""

    name: str
    format: FileFormat
    precision: Precision
    seed: int
    number: int

    def content(self) -> bytes:
        if self.name.startswith("operator"):
            return operator_network(self.seed, self.number)
        data = write(campaign_network(self.seed, self.number), self.format, self.precision)
        return _with_changeable_weights(data) if self.name.startswith("changeable") else data


def campaign_files(
    seed: int, count: int, file_format: FileFormat, precision: Precision
) -> Iterator[CampaignFile]:
    """The first `count`. TFLite and int8 campaigns have drawn networks alone."""
    plain = file_format == "onnx" and precision is Precision.FP32
    for number in range(count):
        own, name = number, f"network_{number}"
        if plain and number % _EVERY_OPERATOR == _EVERY_OPERATOR - 1:
            own = number // _EVERY_OPERATOR
            name = operator_name(own)
        elif plain and number % _EVERY_CHANGEABLE == _EVERY_CHANGEABLE - 1:
            name = f"changeable_{number}"
        yield CampaignFile(f"{name}.{file_format}", file_format, precision, seed, own)


def _with_changeable_weights(data: bytes) -> bytes:
    """Those of several dimensions: bounds and shapes stay constants, which operators need."""
    import onnx

    model = onnx.load_from_string(data)
    for tensor in model.graph.initializer:
        if len(tensor.dims) > 1:
            described = onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
            model.graph.input.append(described)
    changed: bytes = model.SerializeToString(deterministic=True)
    return changed
