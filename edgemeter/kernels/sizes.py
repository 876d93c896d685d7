"""The sizes of kernels that compute one format's operators: agents tell them, and so do rules of fusion."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, ClassVar, NamedTuple

from edgemeter.graphs.graph import Shape
from edgemeter.kernels.kernel import Kernel

Pair = tuple[int, int]


class Operation(NamedTuple):
    """What a kernel computes in the main. `weights` are its constants as the engine lays them out."""

    type: str
    attributes: Mapping[str, Any]
    weights: Sequence[Shape] = ()


class Sizes(ABC):
    """What follows from an operator and from the maps that its kernel reads and writes.

    `channel_axis` is that of a map's channels. Windows and strides are (height, width), 1 for what has none.
    """

    channel_axis: ClassVar[int]

    @abstractmethod
    def window(self, operation: Operation) -> Pair: ...

    @abstractmethod
    def stride(self, operation: Operation) -> Pair: ...

    @abstractmethod
    def groups(self, operation: Operation, inputs: Sequence[Shape]) -> int:
        """1 for what has none; of a depthwise convolution as many as channels."""

    @abstractmethod
    def channels(self, operation: Operation, shapes: Sequence[Shape]) -> int:
        """Of the first map; for a matrix product the length of its rows."""

    @abstractmethod
    def macs(self, operation: Operation, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int:
        """Multiply-adds of convolutions and matrix products, 0 for all else."""

    def within(self, operation: Operation) -> tuple[str, ...]:  # noqa: ARG002  most formats have none
        """What the operator itself computes beside, as `Kernel.fused` has it."""
        return ()

    def kernel(
        self,
        operation: Operation,
        kind: str,
        name: str,
        inputs: tuple[Shape, ...],
        outputs: tuple[Shape, ...],
        *,
        fused: tuple[str, ...] = (),
        time_us: float | None = None,
        results: tuple[str, ...] = (),
        layouts: tuple[str, str] = ("", ""),
    ) -> Kernel:
        return Kernel(
            kind=kind,
            name=name,
            inputs=inputs,
            outputs=outputs,
            weights=sum([prod(shape) for shape in operation.weights]),
            channels=(self.channels(operation, inputs), self.channels(operation, outputs)),
            window=self.window(operation),
            stride=self.stride(operation),
            groups=self.groups(operation, inputs),
            fused=fused,
            macs=self.macs(operation, inputs, outputs),
            time_us=time_us,
            results=results,
            layouts=layouts,
        )
