"""A predictor of files, fitted from a made-up engine that runs each operator as a kernel of its own."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from onnx import TensorProto, helper

from edgemeter.graphs import read_graph
from edgemeter.graphs.graph import Graph
from edgemeter.kernels.campaign import Campaign, Heading, Row
from edgemeter.kernels.kernel import KernelGraph
from edgemeter.kernels.wiring import Wiring
from edgemeter_predictors.kernels.pricing import KernelPricing
from edgemeter_predictors.kernels.telling.outcomes import Own
from edgemeter_predictors.kernels.telling.rules import Rules
from edgemeter_predictors.kernels.telling.teller import told
from edgemeter_predictors.saving.kernel_predictors import load_kernels, save_kernels

ENGINE = "1.31.1"
_NETWORKS = 30
_NETWORK_US, _START_US = 10.0, 2.0


def network(seed: int, *more: str, side: int | str = 14) -> bytes:
    """A chain of convolutions, activations and sums, and operators that no campaign here has."""
    random = Random(seed)
    channels = [3, *(8 * random.randint(1, 4) for _ in range(random.randint(4, 7)))]
    nodes, weights, last = [], [], "x"
    for n, (taken, given) in enumerate(pairwise(channels)):
        window = random.choice((1, 3))
        size = given * taken * window**2
        shape = (given, taken, window, window)
        weights.append(helper.make_tensor(f"w{n}", TensorProto.FLOAT, shape, bytes(4 * size), raw=True))
        nodes.append(helper.make_node("Conv", [last, f"w{n}"], [f"c{n}"], pads=[window // 2] * 4))
        nodes.append(helper.make_node("Relu", [f"c{n}"], [f"r{n}"]))
        nodes.append(helper.make_node("Add", [f"c{n}", f"r{n}"], [f"a{n}"]))
        last = f"a{n}"
    for n, kind in enumerate(more):
        nodes.append(helper.make_node(kind, [last], [f"m{n}"]))
        last = f"m{n}"
    graph = helper.make_graph(
        [*nodes, helper.make_node("Relu", [last], ["y"])],
        f"network {seed}",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, side, side))],
        [helper.make_empty_tensor_value_info("y")],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def engine(graph: Graph) -> KernelGraph:
    """With the times that it takes."""
    rules = Rules((), {}, {}, {}, {})
    kernels = told(Wiring.of(graph), rules, lambda at: (Own(at.node.kind), None)).graph.kernels
    times = [_START_US + each.macs / 10_000 + each.written / 2_000 for each in kernels]
    return KernelGraph(tuple(replace(k, time_us=us) for k, us in zip(kernels, times, strict=True)))


def latency_ms(graph: Graph) -> float:
    return 1e-3 * (_NETWORK_US + sum(kernel.time_us or 0 for kernel in engine(graph).kernels))


def fitted(target: str, folder: Path) -> bytes:
    """As `edgemeter kernels fit` saves it."""
    rows = []
    for number in range(_NETWORKS):
        file = folder / f"{number}.onnx"
        file.write_bytes(network(number))
        graph = read_graph(file)
        ms = latency_ms(graph)
        row = Row(file.name, number // 8, ms, ms, True, (), engine(graph), (0.5, 5.0), source=graph)
        rows.append(row)
    return KernelPricing().fit(Campaign(Heading(target, ENGINE, "survey", 0), tuple(rows)))


def changed(file: bytes, **about: Any) -> bytes:
    """The same predictor, which says other things of itself."""
    predictor = load_kernels(file)
    return save_kernels(replace(predictor, about={**predictor.about, **about}))
