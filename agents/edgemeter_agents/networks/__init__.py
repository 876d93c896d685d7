"""The networks that ship with the project: two for `edgemeter demo`, two anchors for every batch.

`scripts/build_networks.py` writes the files. All have one input, `image` (ONNX: NCHW, TFLite:
NHWC; TFLite int8 takes int8), and one output, `classes`.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import Format

_FILES = Path(__file__).parent / "files"


class Role(StrEnum):
    DEMO = "demo"
    #: Measured with every batch: the common drift of the two is the device's (measurement rule 4).
    ANCHOR = "anchor"


@dataclass(frozen=True, slots=True)
class ShippedNetwork:
    """One file. `name` is the architecture's: files of one name compute the same function.

    The bytes of an anchor never change: a device's times are compared across years.
    """

    name: str
    role: Role
    format: Format
    precision: Precision

    @property
    def path(self) -> Path:
        return _FILES / f"{self.name}_{self.precision}.{self.format}"


def demos(format: Format, precision: Precision) -> tuple[ShippedNetwork, ShippedNetwork]:  # noqa: A002 - the field's word
    """MobileNet-like inverted bottlenecks, and residual blocks."""
    return (
        ShippedNetwork("mobile", Role.DEMO, format, precision),
        ShippedNetwork("residual", Role.DEMO, format, precision),
    )


def anchors(format: Format, precision: Precision) -> tuple[ShippedNetwork, ShippedNetwork]:  # noqa: A002
    """The light and the heavy anchor: 32 and 356 million multiply-adds of dense convolution."""
    return (
        ShippedNetwork("anchor_light", Role.ANCHOR, format, precision),
        ShippedNetwork("anchor_heavy", Role.ANCHOR, format, precision),
    )


#: Every shipped file; demos first.
SHIPPED: tuple[ShippedNetwork, ...] = tuple(
    network
    for choose in (demos, anchors)
    for format_ in Format
    for precision in (Precision.FP32, Precision.INT8)
    for network in choose(format_, precision)
)
