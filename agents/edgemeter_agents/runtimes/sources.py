"""Finds the operators of a file behind the names that an engine uses after fusion."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from edgemeter.failures import EdgeMeterError
from edgemeter.graphs.graph import Operator

#: An engine fuses a heavy operator with at most its bias, an addition, an activation and a requantisation.
FUSION_DEPTH = 5


class Sources:
    """The operators of one file. An operator without a name is called after its first output."""

    def __init__(self, operators: Iterable[Operator]) -> None:
        self._operators = tuple(operators)
        self._writers = {output: operator for operator in self._operators for output in operator.outputs}
        self._named = {operator.name: operator for operator in self._operators if operator.name}
        self._readers: dict[str, list[Operator]] = {}
        for operator in self._operators:
            for tensor in dict.fromkeys(operator.inputs):
                self._readers.setdefault(tensor, []).append(operator)

    @classmethod
    def of(cls, file: Path, shapes: Mapping[str, tuple[int, ...]]) -> "Sources":
        """Knows nothing where our own reader refuses a file that the engine takes."""
        # Here, because only a profile or a refusal needs it: children that measure go without.
        from edgemeter.graphs.reading import read_graph

        try:
            return cls(read_graph(file, shapes).operators)
        except EdgeMeterError:
            return cls(())

    def first_of(self, operator_type: str) -> str | None:
        return next((label(operator) for operator in self._operators if operator.type == operator_type), None)

    def find(self, name: str) -> Operator | None:
        """The operator of that name, or the one that writes the tensor of that name."""
        return self._named.get(name) or self._writers.get(name)

    def writer(self, tensor: str) -> Operator | None:
        return self._writers.get(tensor)

    def readers(self, tensor: str) -> Sequence[Operator]:
        return self._readers.get(tensor, ())

    def fused(self, name: str, kind: str) -> tuple[str, ...]:
        """Operators from the one that a kernel of type `kind` computes to the one called `name`, in order.

        Engines call a fused kernel after its last operator: a `Conv` kernel named after a Relu is
        the convolution above it and that Relu.
        """
        last = self.find(name)
        if last is None:
            return ()
        paths: deque[tuple[Operator, ...]] = deque([(last,)])
        while paths:
            path = paths.popleft()
            if path[0].type in kind:
                return tuple(label(operator) for operator in path)
            if len(path) < FUSION_DEPTH:
                above = (self._writers.get(tensor) for tensor in path[0].inputs)
                paths.extend((operator, *path) for operator in above if operator is not None)
        return (label(last),)


def label(operator: Operator) -> str:
    return operator.name or operator.outputs[0]
