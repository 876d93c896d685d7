"""Turns what a reader found into operators with costs, folding what only touches constants."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from edgemeter.graphs.convention import Body, Convention, Node, Shapes, UnknownShapeError
from edgemeter.graphs.graph import Cost, Graph, Operator, Tensor, size_bytes, words
from edgemeter.graphs.memory import peak_activation_bytes

_WEIGHT_TYPES: Final = frozenset(
    words("""
    float16 bfloat16 float32 float64 float4e2m1 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
    float8e8m0 int2 uint2 int4 uint4 int8 uint8 int16 uint16 complex64 complex128
    """)
)
_INTEGER_TYPES: Final = frozenset({"int32", "int64"})
_QUANTIZED_TYPES: Final = frozenset({"int2", "uint2", "int4", "uint4", "int8", "uint8", "int16", "uint16"})


class Assembler:
    """Counts one network. `counted` constants are known by identity: a shared weight counts once."""

    def __init__(
        self, form: Literal["onnx", "tflite"], producer: str, opsets: dict[str, int], convention: Convention
    ) -> None:
        self.form = form
        self.producer = producer
        self.opsets = opsets
        self.convention = convention
        self.parameters: set[int] = set()
        self.weighed: set[int] = set()

    def graph(self, body: Body, outer: "_Scope | None" = None) -> Graph:
        """The graph of `body`. Names that it does not make itself are looked up in `outer`."""
        scope = _Scope(body.tensors, outer)
        operators = [operator for node in body.nodes if (operator := self._operator(node, scope)) is not None]
        for tensor in [tensor for tensor in scope.tensors.values() if tensor.values is not None]:
            if id(tensor) in self.parameters:  # a bias of integers
                scope.tensors[tensor.name] = replace(tensor, values=None)
        return Graph(
            format=self.form,
            producer=self.producer,
            opsets=self.opsets,
            inputs=body.inputs,
            outputs=body.outputs,
            operators=tuple(operators),
            tensors=scope.tensors,
            folded_operators=len(body.nodes) - len(operators),
            peak_activation_bytes=peak_activation_bytes(operators, body.inputs, body.outputs, scope.tensors),
        )

    def _operator(self, node: Node, scope: "_Scope") -> Operator | None:
        inputs = scope.given(node.inputs)
        if self._folds(node, inputs):
            self._fold(node, inputs, scope)
            return None
        if node.key in self.convention.dequantizers and inputs and inputs[0] is not None:
            scope.dequantized.update(dict.fromkeys(node.outputs, inputs[0].dtype))
        bodies = tuple(self.graph(body, scope) for body in node.bodies)
        return Operator(
            type=node.type,
            domain=node.domain,
            name=node.name,
            inputs=node.inputs,
            outputs=node.outputs,
            attributes=node.attributes,
            dtype=_compute_dtype(inputs, scope),
            cost=self._cost(node, inputs, bodies, scope),
            bodies=bodies,
        )

    def _folds(self, node: Node, inputs: Sequence[Tensor | None]) -> bool:
        if node.bodies:
            return False
        for tensor in inputs:
            if tensor is not None and not tensor.constant:
                return False
        if not any(inputs):
            return node.key == "Constant"
        return node.key not in self.convention.impure and self._is_known(node)

    def _is_known(self, node: Node) -> bool:
        name = node.key
        rules = self.convention
        return name in rules.macs or name in rules.moves or rules.knows(node.domain, node.type)

    def _fold(self, node: Node, inputs: Sequence[Tensor | None], scope: "_Scope") -> None:
        """A constant made from one weight is that weight, in another guise; else it is one of its own."""
        weights = [
            scope.origin(name, tensor)
            for position, name in enumerate(node.inputs)
            if (tensor := inputs[position]) is not None and self._is_weight(node, position, tensor)
        ]
        for name in filter(None, node.outputs):
            made = scope.tensor(name)
            stored = weights[0].dtype if len(weights) == 1 and weights[0].dtype != made.dtype else None
            scope.tensors[name] = replace(made, constant=True, stored_dtype=stored)
            if len(weights) == 1:
                scope.origins[name] = weights[0]

    def _is_weight(self, node: Node, position: int, tensor: Tensor) -> bool:
        if not tensor.shape:  # unknown, or a single number of a formula
            return False
        if tensor.dtype not in _WEIGHT_TYPES and not (
            tensor.dtype in _INTEGER_TYPES and node.key in self.convention.integer_weights
        ):
            return False
        return position not in self.convention.not_weights.get(node.key, ())

    def _cost(
        self, node: Node, inputs: Sequence[Tensor | None], bodies: Sequence[Graph], scope: "_Scope"
    ) -> Cost:
        outputs = scope.given(node.outputs)
        parameters, weight_bytes = self._weights(node, inputs, scope)
        macs, other_ops = self._work(node, inputs, outputs, bodies)
        for body in bodies:
            parameters += body.parameters
            weight_bytes += body.weight_bytes
        return Cost(
            macs=macs,
            other_ops=other_ops,
            parameters=parameters,
            weight_bytes=weight_bytes,
            activation_bytes=_sum_or_none([tensor.size_bytes for tensor in outputs if tensor is not None]),
        )

    def _weights(self, node: Node, inputs: Sequence[Tensor | None], scope: "_Scope") -> tuple[int, int]:
        parameters = weight_bytes = 0
        for position, tensor in enumerate(inputs):
            if tensor is None or not tensor.constant:
                continue
            root = scope.origin(node.inputs[position], tensor)
            identity = id(root)
            elements = root.elements
            if identity not in self.weighed:
                self.weighed.add(identity)
                weight_bytes += size_bytes(elements, root.dtype) or 0
            if identity not in self.parameters and self._is_weight(node, position, tensor):
                self.parameters.add(identity)
                parameters += elements or 0
        return parameters, weight_bytes

    def _work(
        self,
        node: Node,
        inputs: Sequence[Tensor | None],
        outputs: Sequence[Tensor | None],
        bodies: Sequence[Graph],
    ) -> tuple[int | None, int | None]:
        name = node.key
        if bodies:
            return self._work_of_bodies(node, inputs, bodies)
        if name in self.convention.moves:
            return 0, 0
        counter = self.convention.macs.get(name)
        if counter is None:
            return (0, _elements_touched(inputs, outputs)) if self._is_known(node) else (None, None)
        try:
            macs = counter(node, Shapes(inputs), Shapes(outputs))
        except (UnknownShapeError, IndexError, ValueError):  # or shapes that do not fit the operator
            return None, None
        return macs, 0 if macs else _elements_touched(inputs, outputs)

    def _work_of_bodies(
        self, node: Node, inputs: Sequence[Tensor | None], bodies: Sequence[Graph]
    ) -> tuple[int | None, int | None]:
        repeats = self.convention.repeats.get(node.key)
        combine = max if node.key in self.convention.chooses else sum
        counted = not any(body.uncounted for body in bodies)
        macs = combine(body.macs for body in bodies) if counted else None
        other_ops = combine(body.other_ops for body in bodies) if counted else None
        times = repeats(node, inputs) if repeats is not None else None
        return _times(macs, times), _times(other_ops, times)


class _Scope:
    """The tensors of one graph. `origins` names the stored constant that a folded one was made from."""

    def __init__(self, tensors: dict[str, Tensor], outer: "_Scope | None") -> None:
        self.tensors = tensors
        self.outer = outer
        self.origins: dict[str, Tensor] = {}
        self.dequantized: dict[str, str] = {}

    def tensor(self, name: str) -> Tensor:
        found = self.tensors.get(name)
        if found is None:
            found = self.outer.tensor(name) if self.outer else Tensor(name, None, "unknown")
            self.tensors[name] = found
        return found

    def given(self, names: Sequence[str]) -> list[Tensor | None]:
        """The tensors of these names, None for one that is left out."""
        known = self.tensors.get
        return [(known(name) or self.tensor(name)) if name else None for name in names]

    def origin(self, name: str, tensor: Tensor) -> Tensor:
        """The stored constant behind `tensor`, which this scope knows as `name`."""
        found = self.origins.get(name)
        if found is None and self.outer is not None and self.outer.tensors.get(name) is tensor:
            return self.outer.origin(name, tensor)
        return tensor if found is None else found


def _compute_dtype(inputs: Sequence[Tensor | None], scope: _Scope) -> str:
    """The type of the first input; of what it stands for where the first two are both dequantised."""
    data = inputs[0] if inputs else None
    if data is None:
        return "unknown"
    stored = scope.dequantized.get(data.name)
    partner = inputs[1] if len(inputs) > 1 else None
    if stored is None or not (
        partner is None or partner.name in scope.dequantized or partner.stored_dtype in _QUANTIZED_TYPES
    ):
        return data.dtype
    return stored


def _elements_touched(inputs: Sequence[Tensor | None], outputs: Sequence[Tensor | None]) -> int | None:
    """Elements of the first input or of the outputs, whichever are more."""
    written = _sum_or_none([tensor.elements for tensor in outputs if tensor is not None])
    read = inputs[0].elements if inputs and inputs[0] is not None else 0
    return None if written is None or read is None else max(read, written)


def _sum_or_none(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _times(count: int | None, repeats: int | None) -> int | None:
    if count == 0:
        return 0
    return None if count is None or repeats is None else count * max(repeats, 0)
