"""Which tensors of the file the nodes of OpenVINO's runtime model write, and in which layouts.

A node names the layers that were fused into it. One without names lays out anew what it reads.
"""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Final

from edgemeter_agents.runtimes.openvino_layers import ExecutedNode
from edgemeter_agents.runtimes.sources import Sources
from edgemeter_agents.runtimes.written import Written

_UNKNOWN: Final = "undef"
_ADDED: Final = "/WithoutBiases"


def written_by(nodes: Sequence[ExecutedNode], sources: Sources) -> Mapping[str, Written]:
    """Of nodes by name, in order of execution. A new shape of the same memory keeps that memory's layout."""
    found: dict[str, Written] = {}
    for node in nodes:
        first = next(iter(node.reads), "")
        read = found.get(first, Written((first,), ("", "")))
        taken = read.layouts[1]
        given = taken if only_renames(node) else _layout(node.layout)
        found[node.name] = Written(_results(node, sources) or read.results, (taken, given))
    return found


def only_renames(node: ExecutedNode) -> bool:
    """A new shape or layout of the same memory."""
    nothing = node.implementation.startswith("unknown") or node.name.endswith("_fake")
    return nothing and not node.mean_us


def _results(node: ExecutedNode, sources: Sources) -> tuple[str, ...]:
    """Those of the last of its operators in the file; of several that end in it, of all."""
    operators = [sources.find(origin.removesuffix(_ADDED)) for origin in node.origins]
    known = [operator for operator in operators if operator is not None]
    names = [name for operator in known for name in operator.outputs]
    inner = {name for operator in known for name in operator.inputs}
    return tuple(dict.fromkeys(name for name in names if name not in inner))


def _layout(text: str) -> str:
    return "" if text in (_UNKNOWN, ascii_lowercase[: len(text)]) else text
