"""Three architectures of every space, each on two runtimes; `python -m benchmarks.builders` proves fifty on
all three, with more inputs.
"""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks.agreement import (
    Floats,
    centred_cosine,
    on_litert,
    on_onnxruntime,
    on_openvino,
    pictures,
    raw_cosines,
)
from benchmarks.builders import architectures
from edgemeter.graphs import read_graph
from edgemeter.networks.costs import network_costs
from edgemeter.networks.network import Network
from edgemeter.networks.plan import plan
from edgemeter.networks.quantisation import LEVELS, steps
from edgemeter.networks.writing import write
from edgemeter.spaces.registry import find_space
from edgemeter.targets import Precision

SPACES = ("hsconas", "hurricane", "multihw", "nasbench201", "references", "spos")


@pytest.fixture(scope="module", params=SPACES)
def networks(request: pytest.FixtureRequest) -> tuple[Network, ...]:
    return tuple(islice(architectures(find_space(request.param), 3), 3))


def test_three_architectures(networks: tuple[Network, ...], tmp_path: Path) -> None:
    first, second, third = networks
    _agree(first, Precision.FP32, on_openvino, 0.9999)
    _agree(second, Precision.INT8, on_litert, 0.98)
    _agree(third, Precision.FP32, on_litert, 0.9999)
    for network in networks:
        file = tmp_path / "x.onnx"
        file.write_bytes(write(network, "onnx", Precision.FP32))
        graph, costs = read_graph(file), network_costs(network)
        assert (graph.macs, graph.parameters) == (costs.macs, costs.parameters)
        assert graph.activation_bytes == costs.activation_bytes


def test_values_are_far_from_the_bounds_of_fp16(networks: tuple[Network, ...]) -> None:
    for network in networks:
        known = steps(network, plan(network))
        assert max(LEVELS * float(step.scale) for step in known.values()) < 1000


def _agree(
    network: Network, precision: Precision, other: Callable[[bytes, Floats], Floats], least: float
) -> None:
    inputs, onnx = pictures(network.input, count=4), write(network, "onnx", precision)
    file = write(network, "tflite", precision) if other is on_litert else onnx
    reference = on_onnxruntime(onnx, inputs)
    assert np.isfinite(reference).all()
    assert centred_cosine(reference, other(file, inputs)) >= least
    assert np.median(raw_cosines(reference)) <= 0.9
