"""Which tensors of the file the nodes of ONNX Runtime's optimised graph write, and in which layout.

Fused nodes keep the names of what they write. In the blocked layout (`com.microsoft.nchwc`) results get
made-up names; there a node is called after what it stood for, and what was fused into it since follows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edgemeter.graphs.graph import Operator
from edgemeter.kernels.onnx_sizes import CONVOLUTIONS
from edgemeter_agents.runtimes.onnxruntime_profile import stands_for
from edgemeter_agents.runtimes.sources import Sources
from edgemeter_agents.runtimes.written import Written

BLOCKED_DOMAIN: Final = "com.microsoft.nchwc"
_BLOCKED: Final = "nchwc"
_REORDERED: Final = {"ReorderInput": _BLOCKED, "ReorderOutput": ""}
#: Where a convolution takes a map to add to its result.
_SUM_POSITION: Final = 3
_SUMS: Final = frozenset({"Add", "Sum"})


@dataclass(frozen=True, slots=True)
class Node:
    """What the optimised graph says of one kernel."""

    name: str
    type: str
    domain: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    outputs: tuple[str, ...] = ()


def written_by(nodes: Sequence[Node], sources: Sources) -> list[Written]:
    """Of each node. A node whose results are none of the file's is a part of what reads them."""
    results: list[tuple[str, ...]] = []
    readers = {name: number for number, node in reversed(list(enumerate(nodes))) for name in node.inputs}
    for node in reversed(nodes):
        after = [readers[name] for name in node.outputs if name in readers]
        inherited = results[len(nodes) - 1 - after[0]] if after else ()
        results.append(_results(node, sources) or inherited)
    layouts = _layouts(nodes)
    return [Written(*each) for each in zip(reversed(results), layouts, strict=True)]


def fused_words(node: Node) -> tuple[str, ...]:
    found = []
    if node.type in CONVOLUTIONS and len(node.inputs) > _SUM_POSITION and node.inputs[_SUM_POSITION]:
        found.append("Add")
    activation = node.attributes.get("activation", b"")
    if activation:
        found.append(activation.decode() if isinstance(activation, bytes) else str(activation))
    return tuple(found)


def _layouts(nodes: Sequence[Node]) -> Iterator[tuple[str, str]]:
    """Nodes of the plain domain compute in the layout that they are given."""
    known: dict[str, str] = {}
    for node in nodes:
        taken = known.get(next(iter(node.inputs), ""), "")
        given = _REORDERED.get(node.type, _BLOCKED) if node.domain == BLOCKED_DOMAIN else taken
        known.update(dict.fromkeys(node.outputs, given))
        yield taken, given


def _results(node: Node, sources: Sources) -> tuple[str, ...]:
    if node.type == "ReorderInput":
        return node.inputs[:1]
    if known := tuple(name for name in node.outputs if sources.writer(name)):
        return known
    operator = sources.find(stands_for(node.name))
    return (_last(operator, fused_words(node), sources),) if operator else ()


def _last(operator: Operator, words: tuple[str, ...], sources: Sources) -> str:
    """The tensor that is written once all of `words` are computed beside `operator`, itself one of them
    perhaps.
    """
    left = words[1 + _position(operator, words) :]
    for word in left:
        after = sources.readers(operator.outputs[0])
        if len(after) != 1 or not _is(after[0], word):
            break
        operator = after[0]
    return operator.outputs[0]


def _position(operator: Operator, words: Iterable[str]) -> int:
    return next((number for number, word in enumerate(words) if _is(operator, word)), -1)


def _is(operator: Operator, word: str) -> bool:
    return operator.type == word or (word == "Add" and operator.type in _SUMS)
