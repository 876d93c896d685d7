"""What a format says about its operators: how they count, and which constants are weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from edgemeter.graphs.graph import Attribute, Shape, Tensor


@dataclass(slots=True)
class Node:
    """An operator as a reader finds it, before anything is counted. An input left out is ""."""

    type: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]
    bodies: "list[Body]" = field(default_factory=list)
    key: str = field(init=False)  #: as operators are named in a `Convention`

    def __post_init__(self) -> None:
        self.key = f"{self.domain}:{self.type}" if self.domain else self.type


@dataclass(slots=True)
class Body:
    """A graph as a reader finds it: the network itself, or what an If, Loop or Scan runs."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: list[Node]
    tensors: dict[str, Tensor]


class UnknownShapeError(Exception):
    """A shape that a count needs is not known."""


class Shapes:
    """Shapes of a node's inputs or outputs by position. Asking for one that is not known raises."""

    __slots__ = ("_tensors",)

    def __init__(self, tensors: Sequence[Tensor | None]) -> None:
        self._tensors = tensors

    def __len__(self) -> int:
        return len(self._tensors)

    def has(self, position: int) -> bool:
        """Whether the tensor is given at all, its shape known or not."""
        return position < len(self._tensors) and self._tensors[position] is not None

    def __getitem__(self, position: int) -> Shape:
        tensor = self._tensors[position] if position < len(self._tensors) else None
        if tensor is None or tensor.shape is None:
            raise UnknownShapeError
        return tensor.shape


#: Counts the multiply-adds of one node from its input and output shapes.
MacCounter = Callable[[Node, Shapes, Shapes], int]


@dataclass(frozen=True, slots=True)
class Convention:
    """How one format counts. Operators are named "Type", or "domain:Type" outside the format's own domain.

    macs: families of convolutions and matrix products, one counter each.
    moves: operators that compute nothing: they rename, copy or describe data.
    knows: whether an operator is one that is known to hold no multiply-adds, where `macs` lacks it.
    repeats: how often a control operator runs its bodies; None where it cannot be known.
    chooses: control operators that run one of their bodies; the dearest counts.
    not_weights: positions of constants that are no trained numbers (statistics, scales, bounds).
    integer_weights: operators whose int32 constants are biases and not indices.
    impure: operators that yield something new each time, whatever their inputs.
    dequantizers: operators that turn stored integers into the floats they stand for.
    """

    macs: Mapping[str, MacCounter]
    moves: frozenset[str]
    knows: Callable[[str, str], bool]
    repeats: Mapping[str, Callable[[Node, Sequence[Tensor | None]], int | None]]
    chooses: frozenset[str]
    not_weights: Mapping[str, frozenset[int]]
    integer_weights: frozenset[str]
    impure: frozenset[str]
    dequantizers: frozenset[str]
