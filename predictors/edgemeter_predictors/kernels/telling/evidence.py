"""What became of each operator of a network, as the kernels say that its engine ran."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from edgemeter.graphs.graph import Cost, Graph
from edgemeter.kernels.kernel import Kernel, KernelGraph
from edgemeter.kernels.wiring import Node, Wiring
from edgemeter_predictors.kernels.telling.outcomes import Join, Outcome, Own, Pass, Share

_ADDITIONS = frozenset({"Add", "Sum"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """The graph of a file, and what the engine runs of it."""

    graph: Graph
    kernels: KernelGraph


@dataclass(frozen=True, slots=True)
class _Group:
    """Kernels that write the same tensors, and the operators (positions) that they compute."""

    kernels: tuple[Kernel, ...]
    members: tuple[int, ...]


def _is_relay(kernel: Kernel, written: Set[str]) -> bool:
    """Whether it only lays one of `written` out anew."""
    return kernel.layouts[0] != kernel.layouts[1] and written >= set(kernel.results)


def split(evidence: Evidence) -> tuple[list[Kernel], list[Kernel]]:
    """The kernels that compute operators, and those that only lay tensors out anew."""
    written = set(evidence.graph.inputs)
    computing: list[Kernel] = []
    relays: list[Kernel] = []
    for kernel in evidence.kernels.kernels:
        if _is_relay(kernel, written):
            relays.append(kernel)
        else:
            computing.append(kernel)
            written.update(kernel.results)
    return computing, relays


def outcomes(evidence: Evidence) -> dict[int, Outcome]:
    """Of operators by their positions; those of no kernel's are passed over."""
    wiring = Wiring.of(evidence.graph)
    costs = [operator.cost for operator in evidence.graph.operators]
    found: dict[int, Outcome] = {position: Pass() for position in range(len(wiring.nodes))}
    for group in _groups(split(evidence)[0], wiring):
        found.update(_of_group(group, wiring, costs))
    return found


def _groups(kernels: Sequence[Kernel], wiring: Wiring) -> Iterator[_Group]:
    by_results: dict[tuple[str, ...], list[Kernel]] = {}
    for kernel in kernels:
        by_results.setdefault(kernel.results, []).append(kernel)
    written = frozenset(name for results in by_results for name in results)
    for results, found in by_results.items():
        if results:
            yield _Group(tuple(found), tuple(sorted(_members(results, written, wiring))))


def _members(results: Sequence[str], written: frozenset[str], wiring: Wiring) -> set[int]:
    """All operators between these results and what other kernels write."""
    found, waiting = set[int](), [name for name in results if name in wiring.writers]
    while waiting:
        position = wiring.writers[waiting.pop()]
        if position not in found:
            found.add(position)
            names = (tensor.name for tensor in wiring.nodes[position].maps)
            waiting += [name for name in names if name in wiring.writers and name not in written]
    return found


def _of_group(group: _Group, wiring: Wiring, costs: Sequence[Cost]) -> Iterator[tuple[int, Outcome]]:
    if not group.members:
        return
    nodes = {position: wiring.nodes[position] for position in group.members}
    main = _main(nodes, costs, group.kernels[0])
    first, *more = group.kernels
    yield main, Own(first.kind, first.layouts, tuple((each.kind, len(each.inputs)) for each in more))
    after = _after(nodes, main)
    own = () if more else wiring.sizes.within(nodes[main].work.operation)
    words = _words({position: nodes[position] for position in after}, first.fused[len(own) :])
    for position, place in after.items():
        yield position, _outcome(nodes[position], place, words.get(position, ""))
    for position in nodes.keys() - after.keys() - {main}:
        if nodes[position].likeness == nodes[main].likeness:
            yield position, Share()


def _after(nodes: Mapping[int, Node], main: int) -> dict[int, int]:
    """The operators of a kernel that follow its main one, and which of their inputs do."""
    within = {tensor.name for tensor in nodes[main].results}
    found = {}
    for position, node in nodes.items():
        place = next((n for n, each in enumerate(node.maps) if each.name in within), None)
        if position != main and place is not None:
            within.update(tensor.name for tensor in node.results)
            found[position] = place
    return found


def _outcome(node: Node, place: int, word: str) -> Outcome:
    """What the kernel has no word for and what leaves the shape as it is needs nothing done for it."""
    same = all(each.shape == node.maps[place].shape for each in node.results)
    return Pass(place) if same and not word else Join(place, word)


def _main(nodes: Mapping[int, Node], costs: Sequence[Cost], kernel: Kernel) -> int:
    """What multiplies most, else what the kernel is called after, what computes most, what comes first."""

    def weight(position: int) -> tuple[int, bool, int, int]:
        cost, operation = costs[position], nodes[position].work.operation
        return cost.macs or 0, kernel.kind.endswith(operation.type), cost.other_ops or 0, -position

    return max(nodes, key=weight)


def _words(nodes: Mapping[int, Node], said: Sequence[str]) -> dict[int, str]:
    """What the kernel says for which operator: for one of that name, else in the engine's own words for the
    last ones.
    """
    found: dict[int, str] = {}
    left = list(said)
    for position, node in nodes.items():
        called = "Add" if node.kind in _ADDITIONS and len(node.maps) > 1 else node.kind
        if called in left:
            left.remove(called)
            found[position] = called
    others = [position for position in nodes if position not in found]
    return found | dict(zip(others[len(others) - len(left) :], left, strict=False))


def comparable(kernel: Kernel) -> Kernel:
    """What told and real kernels have to agree on."""
    return replace(kernel, name="", time_us=None, results=(), layouts=("", ""), weights=0)


def equal(told: Sequence[Kernel], real: Sequence[Kernel]) -> int:
    """How many of them are, in whatever order: engines may run branches in another one."""
    return (Counter(map(comparable, told)) & Counter(map(comparable, real))).total()
