"""Which operators of an interpreter read and write which tensors, and which of them each partition took."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from edgemeter.graphs.graph import Shape

_DELEGATE = "DELEGATE"


@dataclass(frozen=True, slots=True)
class Wired:
    """An operator, or a partition: what it reads and writes, by the numbers of the tensors."""

    type: str
    reads: tuple[int, ...]
    writes: tuple[int, ...]


@dataclass(frozen=True)
class Wiring:
    """`operators` in the file's order, `partitions` in the order in which they run; `shapes` and `names` of
    tensors by their numbers. `inputs` are those of the network.
    """

    operators: tuple[Wired, ...]
    partitions: tuple[Wired, ...]
    shapes: Mapping[int, Shape]
    names: Mapping[int, str]
    inputs: frozenset[int]

    @classmethod
    def of(cls, interpreter: Any) -> "Wiring":
        listed = [_wired(detail) for detail in interpreter._get_ops_details()]
        tensors = interpreter.get_tensor_details()
        return cls(
            tuple(each for each in listed if each.type != _DELEGATE),
            tuple(each for each in listed if each.type == _DELEGATE),
            {tensor["index"]: tuple(map(int, tensor["shape"])) for tensor in tensors},
            {tensor["index"]: tensor["name"] for tensor in tensors},
            frozenset(detail["index"] for detail in interpreter.get_input_details()),
        )

    @cached_property
    def _writers(self) -> Mapping[int, int]:
        return {written: number for number, each in enumerate(self.operators) for written in each.writes}

    def taken(self, partition: Wired) -> list[int]:
        """The operators of a partition in the file's order: all that its results need and it is not given."""
        given, found = set(partition.reads), set[int]()
        waiting = list(partition.writes)
        while waiting:
            writer = self._writers.get(waiting.pop())
            if writer is not None and writer not in found:
                found.add(writer)
                waiting.extend(each for each in self.operators[writer].reads if each not in given)
        return sorted(found)

    def activations(self, tensors: Iterable[int]) -> tuple[Shape, ...]:
        """The shapes of those that are no constants."""
        return tuple(self.shapes[each] for each in tensors if each in self._writers or each in self.inputs)

    def constants(self, tensors: Iterable[int]) -> tuple[Shape, ...]:
        known = (each for each in tensors if each not in self._writers and each not in self.inputs)
        return tuple(self.shapes[each] for each in known if each in self.shapes)


def _wired(detail: Mapping[str, Any]) -> Wired:
    reads, writes = (tuple(int(each) for each in detail[key]) for key in ("inputs", "outputs"))
    return Wired(detail["op_name"], reads, writes)
