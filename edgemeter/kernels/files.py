"""The networks of a campaign as files: some to judge by, every fifth of the others of one operator that
other tools write, the rest drawn.

Some have their weights listed as inputs too, as older exporters do: ONNX Runtime then takes them for
changeable, and leaves convolutions in the plain layout, with kernels of their own. Others are written as
other tools would (exporting.py), for what engines make of that.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from edgemeter.kernels import operators, tflite_operators
from edgemeter.kernels.exporting import exported
from edgemeter.kernels.sampling import campaign_network, exported_network, judging_network
from edgemeter.networks.writing import FileFormat, write
from edgemeter.targets import Precision


class _Operators(Protocol):
    """One format's networks of one operator each."""

    def operator_name(self, number: int) -> str: ...
    def operator_network(self, seed: int, number: int) -> bytes: ...


#: Of so many networks so many are not to be learnt from, but to be judged by; the first batch is to be
#: learnt from, however short a campaign is.
_GROUP: Final = 250
_JUDGES: Final = 20
_FIRST_JUDGE: Final = 40
_EVERY_OPERATOR: Final = 5
_EVERY_CHANGEABLE: Final = 6
_EVERY_EXPORTED: Final = 7
#: Who draws the network of a file, by how its name begins.
_DRAWN: Final = {
    "network": campaign_network,
    "changeable": campaign_network,
    "exported": exported_network,
    "judging": judging_network,
}
_OPERATORS: Final[Mapping[FileFormat, "_Operators"]] = {"onnx": operators, "tflite": tflite_operators}


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """`name` says which network it is: the same name is the same file."""

    name: str
    format: FileFormat
    precision: Precision
    seed: int
    number: int
    judging: bool = False

    def content(self) -> bytes:
        if self.name.startswith("operator"):
            return _OPERATORS[self.format].operator_network(self.seed, self.number)
        kind = self.name.split("_")[0]
        data = write(_DRAWN[kind](self.seed, self.number), self.format, self.precision)
        if kind == "exported":
            return exported(data, Random(f"exported/{self.seed}/{self.number}"))
        return _with_changeable_weights(data) if kind == "changeable" else data


def campaign_files(
    seed: int, count: int, file_format: FileFormat, precision: Precision
) -> Iterator[CampaignFile]:
    """The first `count`. int8 campaigns have drawn networks alone; no TFLite file lists weights as inputs."""
    floats = precision is not Precision.INT8
    for number in range(count):
        group, place = divmod(number, _GROUP)
        place -= _FIRST_JUDGE
        own, name, judging = number, f"network_{number}", 0 <= place < _JUDGES
        if judging:
            own = group * _JUDGES + place
            name = f"judging_{own}"
        elif floats and number % _EVERY_OPERATOR == _EVERY_OPERATOR - 1:
            own = number // _EVERY_OPERATOR
            name = _OPERATORS[file_format].operator_name(own)
        elif floats and file_format == "onnx" and number % _EVERY_CHANGEABLE == _EVERY_CHANGEABLE - 1:
            name = f"changeable_{number}"
        elif floats and file_format == "onnx" and number % _EVERY_EXPORTED == _EVERY_EXPORTED - 1:
            own = number // _EVERY_EXPORTED
            name = f"exported_{own}"
        yield CampaignFile(f"{name}.{file_format}", file_format, precision, seed, own, judging)


def left_to_measure(
    planned: Iterable[CampaignFile], measured: Mapping[str, int], readings: int
) -> list[CampaignFile]:
    """In the order of measuring, by how often each name was `measured`: every network once, and when that is
    done, those to judge by until they have been measured `readings` times. What an hour does to single
    networks the anchors of that hour do not show; readings that lie apart do.
    """
    files = list(planned)
    rounds = [[file for file in files if not measured.get(file.name)]]
    rounds += [
        [file for file in files if file.judging and measured.get(file.name, 0) < reading]
        for reading in range(2, readings + 1)
    ]
    return [file for each in rounds for file in each]


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
