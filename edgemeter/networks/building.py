"""Builds networks operation by operation, and refuses what cannot be computed."""

from collections.abc import Iterable

from edgemeter.failures import EdgeMeterError
from edgemeter.networks.network import (
    Activate,
    Activation,
    Add,
    AveragePool,
    Concatenate,
    Convolution,
    Dense,
    GlobalAverage,
    Map,
    MaxPool,
    Network,
    Node,
    Operation,
    Scale,
    Shuffle,
    Slice,
)

INPUT = -1  #: the position of the network's input


class BuildError(EdgeMeterError, ValueError):
    """An operation that does not fit what goes into it. Says which, and what would fit."""


class Builder:
    """Appends operations; each method returns the position of its result, which later ones take.

    Maps are computed on the way (`map`). BuildError where an operation cannot be: the builder is
    then as before. `finish` gives the network.

    >>> b = Builder("block", Map(56, 56, 24))
    >>> x = b.conv(b.input, 96, activation=Activation.RELU6)
    >>> x = b.depthwise(x, kernel=3, activation=Activation.RELU6)
    >>> network = b.finish(b.add(b.input, b.conv(x, 24)))
    """

    def __init__(self, name: str, input: Map, batch: int = 1) -> None:  # noqa: A002 - the network's word
        if not name:
            raise BuildError("a network needs a name")
        for word, value in (
            ("height", input.height),
            ("width", input.width),
            ("channels", input.channels),
            ("batch", batch),
        ):
            _positive(f"the input's {word}", value)
        self._name, self._input, self._batch = name, input, batch
        self._nodes: list[Node] = []

    @property
    def input(self) -> int:
        return INPUT

    def map(self, position: int) -> Map:
        """The feature map at `position`."""
        if not INPUT <= position < len(self._nodes):
            raise BuildError(
                f"there is no node {position}: nodes are {INPUT} (the input) to {len(self._nodes) - 1}"
            )
        return self._input if position == INPUT else self._nodes[position].result

    def conv(
        self,
        source: int,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        activation: Activation | None = None,
    ) -> int:
        """A convolution with bias, then `activation` if any."""
        here = self.map(source)
        _positive("channels", channels)
        _positive("groups", groups)
        if here.channels % groups or channels % groups:
            raise BuildError(
                f"{groups} groups do not divide both {here.channels} channels in and {channels} channels out"
            )
        result = self._window(here, channels, kernel, stride)
        position = self._append(Convolution(channels, kernel, stride, groups), (source,), result)
        return position if activation is None else self.activate(position, activation)

    def depthwise(
        self, source: int, kernel: int, stride: int = 1, activation: Activation | None = None
    ) -> int:
        """A convolution of each channel by itself."""
        channels = self.map(source).channels
        return self.conv(source, channels, kernel, stride, channels, activation)

    def activate(self, source: int, activation: Activation) -> int:
        return self._append(Activate(activation), (source,), self.map(source))

    def squeeze_excite(
        self, source: int, reduction: int = 4, activation: Activation = Activation.RELU
    ) -> int:
        """Mean, 1x1 to channels / `reduction` (rounded up) and `activation`, 1x1 back, a hard sigmoid,
        and the product with the source.
        """
        _positive("reduction", reduction)
        channels = self.map(source).channels
        return self.squeeze_excite_to(source, -(-channels // reduction), activation)

    def squeeze_excite_to(self, source: int, squeezed: int, activation: Activation = Activation.RELU) -> int:
        """A squeeze-and-excite with `squeezed` channels inside."""
        gate = self.conv(self.global_average(source), squeezed, activation=activation)
        gate = self.conv(gate, self.map(source).channels, activation=Activation.HARD_SIGMOID)
        return self.scale(source, gate)

    def add(self, *sources: int) -> int:
        maps = self._several("add", sources)
        if len(set(maps)) > 1:
            raise BuildError(f"add needs equal maps, not {_listed(maps)}")
        return self._append(Add(), sources, maps[0])

    def scale(self, source: int, gate: int) -> int:
        here, factors = self.map(source), self.map(gate)
        if factors != Map(1, 1, here.channels):
            raise BuildError(f"scale needs a gate of {_text(Map(1, 1, here.channels))}, not {_text(factors)}")
        return self._append(Scale(), (source, gate), here)

    def concat(self, *sources: int) -> int:
        maps = self._several("concat", sources)
        if len({(each.height, each.width) for each in maps}) > 1:
            raise BuildError(f"concat needs maps of equal height and width, not {_listed(maps)}")
        channels = sum(each.channels for each in maps)
        return self._append(Concatenate(), sources, Map(maps[0].height, maps[0].width, channels))

    def slice(self, source: int, start: int, channels: int) -> int:
        """Channels `start` to `start + channels`."""
        here = self.map(source)
        _positive("channels", channels)
        if not 0 <= start <= here.channels - channels:
            raise BuildError(f"channels {start} to {start + channels} are not within {here.channels}")
        return self._append(Slice(start, channels), (source,), Map(here.height, here.width, channels))

    def split(self, source: int, parts: int = 2) -> tuple[int, ...]:
        """Equal parts of the channels, in their order."""
        channels = self.map(source).channels
        _positive("parts", parts)
        if channels % parts:
            raise BuildError(f"{channels} channels do not split into {parts} equal parts")
        share = channels // parts
        return tuple(self.slice(source, part * share, share) for part in range(parts))

    def shuffle(self, source: int, groups: int = 2) -> int:
        here = self.map(source)
        _positive("groups", groups)
        if here.channels % groups:
            raise BuildError(f"{here.channels} channels cannot be shuffled in {groups} groups")
        return self._append(Shuffle(groups), (source,), here)

    def max_pool(self, source: int, kernel: int, stride: int = 1) -> int:
        here = self.map(source)
        result = self._window(here, here.channels, kernel, stride)
        return self._append(MaxPool(kernel, stride), (source,), result)

    def average_pool(self, source: int, kernel: int, stride: int = 1) -> int:
        here = self.map(source)
        result = self._window(here, here.channels, kernel, stride)
        return self._append(AveragePool(kernel, stride), (source,), result)

    def global_average(self, source: int) -> int:
        return self._append(GlobalAverage(), (source,), Map(1, 1, self.map(source).channels))

    def dense(self, source: int, channels: int) -> int:
        """A fully connected layer with bias; its result is flat, so only `finish` takes it."""
        here = self.map(source)
        _positive("channels", channels)
        if here.height != 1 or here.width != 1:
            raise BuildError(f"dense needs a map of 1x1, not {_text(here)}: global_average makes one")
        return self._append(Dense(channels), (source,), Map(1, 1, channels))

    def finish(self, *outputs: int) -> Network:
        """The network with these outputs. Every operation must reach one of them."""
        if not outputs:
            raise BuildError("a network needs an output")
        if INPUT in outputs or len(set(outputs)) < len(outputs):
            raise BuildError("outputs are different nodes, none of them the input")
        for position in outputs:
            self.map(position)
        self._refuse_dead(outputs)
        return Network(self._name, self._input, tuple(self._nodes), outputs, self._batch)

    def _refuse_dead(self, outputs: tuple[int, ...]) -> None:
        # Some runtimes drop what nobody reads and others run it: costs would depend on the runtime.
        used = set(outputs)
        for position in reversed(range(len(self._nodes))):
            if position not in used:
                kind = type(self._nodes[position].operation).__name__
                raise BuildError(f"node {position} ({kind}) reaches no output")
            used.update(self._nodes[position].inputs)

    def _append(self, operation: Operation, inputs: tuple[int, ...], result: Map) -> int:
        for position in inputs:
            if position != INPUT and isinstance(self._nodes[position].operation, Dense):
                raise BuildError(f"node {position} is flat (Dense): no operation takes it")
        self._nodes.append(Node(operation, inputs, result))
        return len(self._nodes) - 1

    def _window(self, here: Map, channels: int, kernel: int, stride: int) -> Map:
        _positive("kernel", kernel)
        _positive("stride", stride)
        if stride > min(here.height, here.width):
            raise BuildError(f"stride {stride} at {here.height}x{here.width}: there is nothing to step over")
        return Map(-(-here.height // stride), -(-here.width // stride), channels)

    def _several(self, word: str, sources: tuple[int, ...]) -> list[Map]:
        if len(sources) < 2:
            raise BuildError(f"{word} needs two or more maps, not {len(sources)}")
        return [self.map(source) for source in sources]


def _positive(word: str, value: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BuildError(f"{word} must be a positive integer, not {value!r}")


def _text(map_: Map) -> str:
    return f"{map_.height}x{map_.width}x{map_.channels}"


def _listed(maps: Iterable[Map]) -> str:
    return " and ".join(dict.fromkeys(map(_text, maps)))
