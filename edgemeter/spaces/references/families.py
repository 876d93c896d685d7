"""The networks themselves, as tables, from the papers and their authors' code."""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Final

from edgemeter.networks.network import Activation

RELU, RELU6, HSWISH = Activation.RELU, Activation.RELU6, Activation.HSWISH


class Kind(StrEnum):
    INVERTED = "inverted"  #: 1x1, depthwise, 1x1
    FUSED = "fused"  #: dense, 1x1
    SEPARABLE = "separable"  #: depthwise, 1x1 with activation
    POINTWISE = "pointwise"  #: 1x1 with activation


class Gate(StrEnum):
    """What a squeeze-and-excite's inner channels are a quarter of."""

    NONE = "none"
    INPUT = "input"  #: of those that go into the block, as MnasNet has it
    EXPANDED = "expanded"  #: of the expanded ones, in multiples of 8, as MobileNetV3 has it


@dataclass(frozen=True, slots=True)
class Stage:
    """`repeats` blocks, the first with the stride. `expansion` is times the channels that go in."""

    channels: int
    kernel: int = 3
    stride: int = 1
    expansion: float = 1
    repeats: int = 1
    kind: Kind = Kind.INVERTED
    gate: Gate = Gate.NONE
    activation: Activation | None = None  #: the family's where None
    residual: bool = True


@dataclass(frozen=True, slots=True)
class Family:
    """`last` is the 1x1 convolution before the mean, `head` the one after it; 0 where there is none."""

    stem: int
    stages: tuple[Stage, ...]
    last: int = 0
    head: int = 0
    activation: Activation = RELU
    last_widths: tuple[float, float] = (0, inf)  #: the width that `last` is scaled by stays within these
    always_expand: bool = False  #: inverted bottlenecks keep their first 1x1 where nothing expands


def _separable(channels: int, stride: int = 1, repeats: int = 1) -> Stage:
    return Stage(channels, 3, stride, repeats=repeats, kind=Kind.SEPARABLE)


MOBILENET_V1: Final = Family(
    stem=32,
    stages=(
        _separable(64),
        _separable(128, 2, 2),
        _separable(256, 2, 2),
        _separable(512, 2, 6),
        _separable(1024, 2, 2),
    ),
)

MOBILENET_V2: Final = Family(
    stem=32,
    stages=(
        Stage(16),
        Stage(24, 3, 2, 6, 2),
        Stage(32, 3, 2, 6, 3),
        Stage(64, 3, 2, 6, 4),
        Stage(96, 3, 1, 6, 3),
        Stage(160, 3, 2, 6, 3),
        Stage(320, 3, 1, 6),
    ),
    last=1280,
    activation=RELU6,
    last_widths=(1, inf),
)

MOBILENET_V3_LARGE: Final = Family(
    stem=16,
    stages=(
        Stage(16, activation=RELU),
        Stage(24, 3, 2, 4, activation=RELU),
        Stage(24, 3, 1, 3, activation=RELU),
        Stage(40, 5, 2, 3, 3, gate=Gate.EXPANDED, activation=RELU),
        Stage(80, 3, 2, 6),
        Stage(80, 3, 1, 2.5),
        Stage(80, 3, 1, 2.3, 2),
        Stage(112, 3, 1, 6, 2, gate=Gate.EXPANDED),
        Stage(160, 5, 2, 6, 3, gate=Gate.EXPANDED),
    ),
    last=960,
    head=1280,
    activation=HSWISH,
)

MOBILENET_V3_MINIMALISTIC: Final = replace(
    MOBILENET_V3_LARGE,
    stages=tuple(
        replace(stage, kernel=3, gate=Gate.NONE, activation=RELU) for stage in MOBILENET_V3_LARGE.stages
    ),
    activation=RELU,
)

MNASNET_A1: Final = Family(
    stem=32,
    stages=(
        Stage(16),
        Stage(24, 3, 2, 6, 2),
        Stage(40, 5, 2, 3, 3, gate=Gate.INPUT),
        Stage(80, 3, 2, 6, 4),
        Stage(112, 3, 1, 6, 2, gate=Gate.INPUT),
        Stage(160, 5, 2, 6, 3, gate=Gate.INPUT),
        Stage(320, 3, 1, 6),
    ),
    last=1280,
    last_widths=(1, 1),
)

PROXYLESS_MOBILE: Final = Family(
    stem=32,
    stages=(
        Stage(16),
        Stage(32, 5, 2, 3),
        Stage(32, 3, 1, 3),
        Stage(40, 7, 2, 3),
        Stage(40, 3, 1, 3),
        Stage(40, 5, 1, 3, 2),
        Stage(80, 7, 2, 6),
        Stage(80, 5, 1, 3, 3),
        Stage(96, 5, 1, 6),
        Stage(96, 5, 1, 3, 3),
        Stage(192, 7, 2, 6),
        Stage(192, 7, 1, 6),
        Stage(192, 7, 1, 3, 2),
        Stage(320, 7, 1, 6),
    ),
    last=1280,
    activation=RELU6,
    last_widths=(1, inf),
)

MOBILENET_EDGETPU: Final = Family(
    stem=32,
    stages=(
        Stage(16, kind=Kind.POINTWISE),
        Stage(32, 3, 2, 8, kind=Kind.FUSED),
        Stage(32, 3, 1, 4, 3, kind=Kind.FUSED),
        Stage(48, 3, 2, 8, kind=Kind.FUSED),
        Stage(48, 3, 1, 4, 3, kind=Kind.FUSED),
        Stage(96, 3, 2, 8),
        Stage(96, 3, 1, 4, 3),
        Stage(96, 3, 1, 8, residual=False),
        Stage(96, 3, 1, 4, 3),
        Stage(160, 5, 2, 8),
        Stage(160, 5, 1, 4, 3),
        Stage(192, 3, 1, 8),
    ),
    last=1280,
    last_widths=(1, inf),
)

FBNET_C: Final = Family(
    stem=16,
    stages=(
        Stage(16),
        Stage(24, 3, 2, 6),
        Stage(24, 3, 1, 1, 2),
        Stage(32, 5, 2, 6),
        Stage(32, 5, 1, 3),
        Stage(32, 5, 1, 6),
        Stage(32, 3, 1, 6),
        Stage(64, 5, 2, 6),
        Stage(64, 5, 1, 3),
        Stage(64, 5, 1, 6, 2),
        Stage(112, 5, 1, 6, 3),
        Stage(112, 5, 1, 3),
        Stage(184, 5, 2, 6, 4),
        Stage(352, 3, 1, 6),
    ),
    last=1984,
    last_widths=(1, 1),
    always_expand=True,
)

FAMILIES: Final = {
    "mobilenet_v1": MOBILENET_V1,
    "mobilenet_v2": MOBILENET_V2,
    "mobilenet_v3_large": MOBILENET_V3_LARGE,
    "mobilenet_v3_minimalistic": MOBILENET_V3_MINIMALISTIC,
    "mnasnet_a1": MNASNET_A1,
    "proxyless_mobile": PROXYLESS_MOBILE,
    "mobilenet_edgetpu": MOBILENET_EDGETPU,
    "fbnet_c": FBNET_C,
}
