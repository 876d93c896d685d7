"""What a network is made of, apart from any file format."""

from dataclasses import dataclass, field
from enum import StrEnum

from .weights import Floats, filters, uniform

CHANNELS_IN = 3


class Activation(StrEnum):
    NONE = "none"
    RELU = "relu"
    RELU6 = "relu6"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value between layers, batch 1: size x size x channels, or only channels where size is 0."""

    name: str
    size: int
    channels: int


@dataclass(frozen=True, slots=True)
class Convolution:
    source: Tensor
    result: Tensor
    kernel: int
    stride: int
    activation: Activation
    weights: Floats  #: (output, height, width, input of one group)
    bias: Floats

    @property
    def depthwise(self) -> bool:
        return bool(self.weights.shape[3] == 1)

    @property
    def padding(self) -> tuple[int, int]:
        """Rows (and columns) of zeros before and after, as TFLite's SAME has them."""
        total = max((self.result.size - 1) * self.stride + self.kernel - self.source.size, 0)
        return total // 2, total - total // 2


@dataclass(frozen=True, slots=True)
class Sum:
    left: Tensor
    right: Tensor
    result: Tensor
    activation: Activation


@dataclass(frozen=True, slots=True)
class Gate:
    """result = source x clip(gate + 3, 0, 6) / 6: squeeze-and-excite in the form that stays whole."""

    source: Tensor
    gate: Tensor
    result: Tensor


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean over all positions; a `result` of size 0 drops the dimensions too."""

    source: Tensor
    result: Tensor


@dataclass(frozen=True, slots=True)
class Dense:
    source: Tensor
    result: Tensor
    weights: Floats  #: (output, input)
    bias: Floats


Layer = Convolution | Sum | Gate | Mean | Dense


@dataclass(slots=True)
class Network:
    """Layers in the order in which they run; the methods append one and return its result."""

    name: str
    size: int
    layers: list[Layer] = field(default_factory=list)

    @property
    def input(self) -> Tensor:
        return Tensor("image", self.size, CHANNELS_IN)

    @property
    def output(self) -> Tensor:
        return self.layers[-1].result

    def convolution(
        self,
        name: str,
        source: Tensor,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        activation: Activation = Activation.NONE,
    ) -> Tensor:
        return self._convolve(name, source, (channels, kernel, kernel, source.channels), stride, activation)

    def depthwise(
        self, name: str, source: Tensor, kernel: int, stride: int, activation: Activation
    ) -> Tensor:
        return self._convolve(name, source, (source.channels, kernel, kernel, 1), stride, activation)

    def sum(self, name: str, left: Tensor, right: Tensor, activation: Activation = Activation.NONE) -> Tensor:
        result = Tensor(name, left.size, left.channels)
        self.layers.append(Sum(left, right, result, activation))
        return result

    def gate(self, name: str, source: Tensor, gate: Tensor) -> Tensor:
        result = Tensor(name, source.size, source.channels)
        self.layers.append(Gate(source, gate, result))
        return result

    def mean(self, name: str, source: Tensor, flat: bool) -> Tensor:
        result = Tensor(name, 0 if flat else 1, source.channels)
        self.layers.append(Mean(source, result))
        return result

    def dense(self, name: str, source: Tensor, channels: int) -> Tensor:
        result = Tensor(name, 0, channels)
        key = f"{self.name}/{name}"
        weights = filters(f"{key}/weights", (channels, 1, 1, source.channels), gain=1.0)
        bias = 0.02 * uniform(f"{key}/bias", (channels,))
        self.layers.append(Dense(source, result, weights.reshape(channels, source.channels), bias))
        return result

    def _convolve(
        self, name: str, source: Tensor, shape: tuple[int, int, int, int], stride: int, activation: Activation
    ) -> Tensor:
        result = Tensor(name, -(-source.size // stride), shape[0])
        # A rectifier passes half of the variance: what feeds one is doubled.
        gain = 1.0 if activation is Activation.NONE else 2.0**0.5
        key = f"{self.name}/{name}"
        weights = filters(f"{key}/weights", shape, gain)
        bias = 0.02 * uniform(f"{key}/bias", shape[:1])
        self.layers.append(Convolution(source, result, shape[1], stride, activation, weights, bias))
        return result
