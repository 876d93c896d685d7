"""The structural hash: equal for networks that do the same work on the same shapes.

Two Merkle passes over the operators: forwards, an operator is known by its type, attributes,
types, shapes and by what it reads; backwards, also by what reads it. The result does not
depend on weights, names or the order of operators; it does on every edge.
"""

from collections import ChainMap, defaultdict
from collections.abc import MutableMapping, Sequence
from hashlib import blake2b
from typing import Final

from edgemeter.graphs.graph import Graph, Operator

_VERSION: Final = 1  #: part of every hash; raised when the same network would come out differently


def structural_hash(graph: Graph) -> str:
    """32 hexadecimal digits. Index constants (axes, sizes) count as structure, all other values do not."""
    return _hash_of_graph(graph)


def _digest(content: str) -> str:
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _hash_of_graph(graph: Graph, outer: "_Forward | None" = None) -> str:
    forward = _Forward(graph, outer)
    digests = [forward.operator(operator) for operator in graph.operators]
    outputs = [forward.tensor(name) for name in graph.outputs]
    operators = _both_ways(graph, forward, digests)
    return _digest(repr((_VERSION, graph.format, len(graph.inputs), outputs, operators)))


class _Forward:
    """What each tensor is, told by everything before it.

    Everything is written out as text before it is hashed: repr of numbers, texts and
    tuples is exact and the same on every platform.
    """

    def __init__(self, graph: Graph, outer: "_Forward | None") -> None:
        self.tensors = graph.tensors
        self.known: MutableMapping[str, str] = ChainMap({}, outer.known) if outer else {}
        for position, name in enumerate(graph.inputs):
            self.known[name] = f"input {position} {self._type(name)}"

    def tensor(self, name: str) -> str:
        if not name:
            return "-"
        known = self.known.get(name)
        if known is None:
            tensor = self.tensors[name]
            known = f"{tensor.constant} {tensor.dtype} {tensor.stored_dtype} {tensor.shape} {tensor.values}"
            self.known[name] = known
        return known

    def operator(self, operator: Operator) -> str:
        own = (operator.domain, operator.type, sorted(operator.attributes.items()))
        known = self.known.get
        reads = "|".join([known(name) or self.tensor(name) for name in operator.inputs])
        makes = "|".join([self._type(name) if name else "-" for name in operator.outputs])
        bodies = "|".join([_hash_of_graph(body, self) for body in operator.bodies])
        digest = _digest(f"{own!r}\n{reads}\n{makes}\n{bodies}")
        for position, name in enumerate(operator.outputs):
            if name:
                self.known[name] = f"{digest} {position}"
        return digest

    def _type(self, name: str) -> str:
        tensor = self.tensors[name]
        return f"{tensor.dtype} {tensor.shape}"


def _both_ways(graph: Graph, forward: _Forward, digests: Sequence[str]) -> list[str]:
    """A digest per operator and per shared tensor, told by what reads it too; sorted."""
    readers: dict[str, list[str]] = defaultdict(list)
    finished = []
    for operator, digest in zip(reversed(graph.operators), reversed(digests), strict=True):
        read_by = "|".join([" ".join(sorted(readers.pop(name, ()))) for name in operator.outputs])
        final = _digest(f"{digest}\n{read_by}")
        finished.append(final)
        for position, name in enumerate(operator.inputs):
            readers[name].append(f"{final}:{position}")
    # What is left was made by no operator: inputs, and constants that several operators share.
    shared = [(name, by) for name, by in readers.items() if name and len(by) > 1]
    finished += [_digest(f"{forward.tensor(name)}\n{' '.join(sorted(by))}") for name, by in shared]
    return sorted(finished)
