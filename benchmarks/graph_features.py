"""Graph features of a 14 MB ONNX file, cold: nothing kept from one reading to the next.

Process CPU time, next to what one would write first: load the file, let the library infer
shapes, count. The two take turns in blocks, so that both see the same machine and neither
pays for the caches that the other has filled. The network has the layers of MobileNetV2 1.0/224 with
batch normalisation folded in, as exporters write it: 52 convolutions, random weights.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from statistics import median

import numpy as np
import onnx

from benchmarks.report import Figure, at_most, main, reported
from edgemeter.graphs import read_graph, structural_hash
from scripts.build_mobilenet_v2_golden import build

BLOCKS, BLOCK = 6, 10
LIMIT_MS = 5.0


def write_network(file: Path) -> None:
    """The folded network with its batch fixed and random weights inside."""
    model = build(folded=True)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    rng = np.random.default_rng(0)
    for weight in model.graph.initializer:
        if weight.external_data:
            values = rng.standard_normal(tuple(weight.dims)).astype(np.float32)
            weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save_model(model, file)


def ours(file: Path) -> int:
    graph = read_graph(file)
    structural_hash(graph)
    return graph.macs


def naive(file: Path) -> int:
    graph = onnx.shape_inference.infer_shapes(onnx.load(file)).graph
    values = [*graph.value_info, *graph.input, *graph.output]
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}
    shapes |= {w.name: list(w.dims) for w in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    products = [node for node in graph.node if node.op_type == "Gemm"]
    macs = [prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:]) for node in convolutions]
    macs += [prod(shapes[node.input[1]]) for node in products]
    return sum(macs)


def cpu_ms(work: Callable[[Path], int], file: Path) -> float:
    before = time.process_time_ns()
    work(file)
    return (time.process_time_ns() - before) / 1e6


def run() -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mobilenet_v2.onnx"
        write_network(file)
        if ours(file) != naive(file):
            raise AssertionError("the two ways of counting disagree: the comparison would mean nothing")
        cold, plain = [], []
        for _ in range(BLOCKS):
            cold += [cpu_ms(ours, file) for _ in range(BLOCK)]
            plain += [cpu_ms(naive, file) for _ in range(BLOCK)]
        size_mb = file.stat().st_size / 1e6
    return (
        at_most(
            f"cold graph features of a {size_mb:.0f} MB ONNX, process CPU", median(cold), LIMIT_MS, " ms"
        ),
        reported("onnx.load and infer_shapes of that file, counting only", median(plain), " ms"),
    )


if __name__ == "__main__":
    main(run)
