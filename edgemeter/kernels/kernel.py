"""What an engine runs for a network, in words that all engines share."""

from dataclasses import dataclass
from math import prod

from edgemeter.graphs.graph import Shape


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel that an engine executes, fused as the engine fuses.

    `kind` is the engine's own type, with the domain where the domain says how it computes: `nchwc.Conv`.
    `inputs` and `outputs` are shapes of activations, as the engine lays them out; `weights` counts the
    constants that it reads. `channels` are those of the first input and of the first output; for a matrix
    product the lengths of their rows. `window` and `stride` (height, width) and `groups` are 1 for what
    has none. `fused` names what it computes beside, in order: ("Add", "Relu"). `macs` are multiply-adds of
    convolutions and matrix products, 0 for all else.
    `time_us` is what one run of it took in a profiled session: None where it was not profiled.
    `results` are the tensors of the file that it writes, in whatever layout: what rules of fusion are learnt
    from. A kernel that only lays a tensor out anew names that tensor. `layouts` are those of its first input
    and its first output in the engine's words, "" for the file's own.
    """

    kind: str
    name: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    weights: int = 0
    channels: tuple[int, int] = (1, 1)
    window: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    groups: int = 1
    fused: tuple[str, ...] = ()
    macs: int = 0
    time_us: float | None = None
    results: tuple[str, ...] = ()
    layouts: tuple[str, str] = ("", "")

    @property
    def read(self) -> int:
        """Elements of all its activations in."""
        return sum(map(prod, self.inputs))

    @property
    def written(self) -> int:
        """Elements of all its activations out."""
        return sum(map(prod, self.outputs))


@dataclass(frozen=True, slots=True)
class KernelGraph:
    """All kernels of a network in the order in which they run."""

    kernels: tuple[Kernel, ...]

    @property
    def weights(self) -> int:
        return sum(kernel.weights for kernel in self.kernels)

    @property
    def profiled(self) -> bool:
        return all(kernel.time_us is not None for kernel in self.kernels)
