"""Reads the graph that OpenVINO really executes, with the time of each node where it was profiled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import LayerTime
from edgemeter_agents.runtimes.precisions import BY_DTYPE
from edgemeter_agents.runtimes.sources import Sources, label

_NOT_KERNELS = frozenset({"Input", "Const", "Output"})


@dataclass(frozen=True, slots=True)
class ExecutedNode:
    """`mean_us` is a whole number, and a mean over all inferences of the compiled model so far."""

    name: str
    kind: str  #: OpenVINO's layer type: "Convolution"
    implementation: str  #: "brgconv_avx512_1x1_I8"
    precision: Precision | None
    origins: tuple[str, ...]
    mean_us: int | None  #: None where it was not profiled


def executed_nodes(compiled: Any) -> list[ExecutedNode]:
    """Nodes in order of execution, without constants and what was computed from them once."""
    constants: set[str] = set()
    nodes = []
    for node in compiled.get_runtime_model().get_ordered_ops():
        name = node.get_friendly_name()
        found = node.get_rt_info()
        kind = _text(found, "layerType")
        sources = [value.get_node().get_friendly_name() for value in node.input_values()]
        if kind == "Const" or (sources and constants.issuperset(sources)):
            constants.add(name)
        elif kind not in _NOT_KERNELS:
            nodes.append((int(_text(found, "execOrder")), _node(name, kind, found)))
    return [node for _, node in sorted(nodes, key=lambda ordered: ordered[0])]


def layers_between(
    before: Sequence[ExecutedNode],
    after: Sequence[ExecutedNode],
    warm_up_runs: int,
    runs: int,
    sources: Sources,
) -> list[LayerTime]:
    """The mean of the last `runs` runs, taken out of means that contain the warm-up.

    OpenVINO cuts means to whole microseconds, so a layer's time is right to about one.
    """
    earlier = {node.name: node.mean_us or 0 for node in before}
    return [
        LayerTime(
            name=node.name,
            kind=f"{node.kind} {node.implementation}",
            time_us=max(
                0.0, ((warm_up_runs + runs) * node.mean_us - warm_up_runs * earlier[node.name]) / runs
            ),
            precision=node.precision,
            operators=_operators(node, sources),
        )
        for node in after
        if node.mean_us is not None
    ]


def is_heavy(kind: str) -> bool:
    return any(word in kind for word in ("Conv", "FullyConnected", "MatMul"))


def _node(name: str, kind: str, found: Any) -> ExecutedNode:
    time = _text(found, "execTimeMcs")
    return ExecutedNode(
        name=name,
        kind=kind,
        implementation=_text(found, "primitiveType"),
        precision=BY_DTYPE.get(_text(found, "runtimePrecision")),
        origins=tuple(filter(None, _text(found, "originalLayersNames").split(","))),
        mean_us=int(time) if time.isdigit() else None,
    )


def _operators(node: ExecutedNode, sources: Sources) -> tuple[str, ...]:
    found = (sources.find(origin.removesuffix("/WithoutBiases")) for origin in node.origins)
    return tuple(dict.fromkeys(label(operator) for operator in found if operator is not None))


def _text(found: Any, key: str) -> str:
    if key not in found:
        return ""
    value = found[key]
    return str(value.astype(str) if hasattr(value, "astype") else value)
