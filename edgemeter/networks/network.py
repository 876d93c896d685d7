"""One network as the builders see it: operations on feature maps, in the order in which they run.

It holds no weights: they and the quantisation scales follow from the network itself, so that the same
network is the same file on every machine.
"""

from dataclasses import dataclass
from enum import StrEnum


class Activation(StrEnum):
    RELU = "relu"
    RELU6 = "relu6"
    HSWISH = "hswish"  #: x clip(x + 3, 0, 6) / 6
    HARD_SIGMOID = "hard_sigmoid"  #: clip(x + 3, 0, 6) / 6


@dataclass(frozen=True, slots=True)
class Map:
    """A feature map of one image: `height` x `width` x `channels`. A vector has height and width 1."""

    height: int
    width: int
    channels: int

    @property
    def elements(self) -> int:
        return self.height * self.width * self.channels

    @property
    def is_pixel(self) -> bool:
        return self.height == self.width == 1


@dataclass(frozen=True, slots=True)
class Convolution:
    """With bias; zeros around as TFLite's SAME has them: out = ceil(in / stride), the odd row after.

    `groups` is 1 (dense), the input's channels (depthwise), or a divisor of both channel counts.
    """

    channels: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1


@dataclass(frozen=True, slots=True)
class Activate:
    activation: Activation


@dataclass(frozen=True, slots=True)
class Add:
    """The sum of two or more equal maps."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The first input times the second, one number a channel (1 x 1): what ends a squeeze-and-excite."""


@dataclass(frozen=True, slots=True)
class Concatenate:
    """Along the channels."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Channels `start` to `start + channels`."""

    start: int
    channels: int


@dataclass(frozen=True, slots=True)
class Shuffle:
    """ShuffleNet's: channels as a `groups` x (channels / groups) table, transposed."""

    groups: int = 2


@dataclass(frozen=True, slots=True)
class MaxPool:
    """SAME, as a convolution's; positions outside never count."""

    kernel: int
    stride: int


@dataclass(frozen=True, slots=True)
class AveragePool:
    """SAME, as a convolution's; positions outside are left out of the mean."""

    kernel: int
    stride: int


@dataclass(frozen=True, slots=True)
class GlobalAverage:
    """The mean of each channel, as a map of 1 x 1."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A fully connected layer with bias on a map of 1 x 1; its result is flat: (batch, channels)."""

    channels: int


Operation = (
    Convolution
    | Activate
    | Add
    | Scale
    | Concatenate
    | Slice
    | Shuffle
    | MaxPool
    | AveragePool
    | GlobalAverage
    | Dense
)


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `inputs` are positions in `Network.nodes`; -1 is the network's input."""

    operation: Operation
    inputs: tuple[int, ...]
    result: Map


@dataclass(frozen=True, slots=True)
class Network:
    """`outputs` are positions of nodes; most networks have one. `name` is a readable identifier and enters
    neither weights nor costs.
    """

    name: str
    input: Map
    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    batch: int = 1
