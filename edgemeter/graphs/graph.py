"""One network as data: operators, tensors, and what each operator costs.

The same types serve ONNX and TFLite. All of it is immutable and goes over a pipe
as JSON (`graph_to_json`, `graph_from_json`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

Shape = tuple[int, ...]
Attribute = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]


def words(text: str) -> tuple[str, ...]:
    """The words of a long list of names, written as text to be readable."""
    return tuple(text.split())


#: Bits of one element. A type that is not here has no size: its tensors' bytes are unknown.
BITS: Mapping[str, int] = {
    "bool": 8,
    "int2": 2,
    "uint2": 2,
    "int4": 4,
    "uint4": 4,
    "float4e2m1": 4,
    **dict.fromkeys(
        ("int8", "uint8", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "float8e8m0"), 8
    ),
    **dict.fromkeys(("int16", "uint16", "float16", "bfloat16"), 16),
    **dict.fromkeys(("int32", "uint32", "float32"), 32),
    **dict.fromkeys(("int64", "uint64", "float64", "complex64"), 64),
    "complex128": 128,
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the network.

    `shape` is None where it cannot be known. `stored_dtype` differs from `dtype` for weights that are
    kept quantised and computed on as floats. `values` are the entries of a small constant that
    steers a shape (axes, sizes, indices), never of a weight. A constant is `changeable` where the file lists
    it among its inputs too: a caller may give another, so engines cannot prepare it.
    """

    name: str
    shape: Shape | None
    dtype: str  #: "float32", "int8", ...; "unknown" where it cannot be known
    constant: bool = False
    stored_dtype: str | None = None
    values: tuple[int, ...] | None = None
    changeable: bool = False

    @property
    def elements(self) -> int | None:
        return elements(self.shape)

    @property
    def size_bytes(self) -> int | None:
        """Bytes in memory, without padding; None where shape or type are unknown."""
        return size_bytes(self.elements, self.dtype)


def elements(shape: Shape | None) -> int | None:
    """How many a tensor of that shape has; None where it is not known."""
    return None if shape is None else prod(shape)


def size_bytes(elements: int | None, dtype: str) -> int | None:
    bits = BITS.get(dtype)
    return None if elements is None or bits is None else (elements * bits + 7) // 8


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operator takes for one invocation. docs/graphs.md defines every count.

    macs: multiply-adds of convolutions and matrix products; 0 for other operators; None where
        shapes or the operator are unknown.
    other_ops: elements that any other computing operator goes through; None as above.
    parameters: trained numbers that this operator is the first to use.
    weight_bytes: stored constants that it is the first to use, trained or not.
    activation_bytes: what it writes; None where a shape is unknown.
    """

    macs: int | None
    other_ops: int | None
    parameters: int
    weight_bytes: int
    activation_bytes: int | None


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of the file, in file order.

    `dtype` is the type it computes in: that of the stored data where a float operator stands
    between DequantizeLinear and QuantizeLinear. An input that is left out is "". `bodies` are
    the graphs that an If, Loop, Scan or While runs; their costs are part of `cost`.
    """

    type: str
    domain: str  #: "" for the format's own operators
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    dtype: str
    cost: Cost
    bodies: "tuple[Graph, ...]" = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """A network with its shapes bound.

    Operators that only compute on constants are not listed, `folded_operators` counts them: every
    runtime does them once, when it loads the file. `tensors` holds every tensor by its name.
    """

    format: Literal["onnx", "tflite"]
    producer: str
    opsets: Mapping[str, int]  #: operator set versions by domain; for TFLite {"tflite": schema version}
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operators: tuple[Operator, ...]
    tensors: Mapping[str, Tensor]
    folded_operators: int
    peak_activation_bytes: int | None

    @property
    def macs(self) -> int:
        """Multiply-adds of all operators that could be counted; see `uncounted`."""
        return sum(operator.cost.macs or 0 for operator in self.operators)

    @property
    def other_ops(self) -> int:
        return sum(operator.cost.other_ops or 0 for operator in self.operators)

    @property
    def parameters(self) -> int:
        return sum(operator.cost.parameters for operator in self.operators)

    @property
    def weight_bytes(self) -> int:
        return sum(operator.cost.weight_bytes for operator in self.operators)

    @property
    def activation_bytes(self) -> int | None:
        """Bytes that all operators write; None where a shape is unknown."""
        sizes = [operator.cost.activation_bytes for operator in self.operators]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    @property
    def uncounted(self) -> tuple[Operator, ...]:
        """Operators whose multiply-adds are unknown: `macs` is then a lower bound."""
        return tuple(operator for operator in self.operators if operator.cost.macs is None)
