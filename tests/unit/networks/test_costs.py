"""What is counted from a network's description is what is read back from its files."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgemeter.graphs import read_graph
from edgemeter.networks.building import Builder
from edgemeter.networks.costs import network_costs
from edgemeter.networks.network import Activation, Map, Network
from edgemeter.networks.writing import write
from edgemeter.targets import Precision

Draw = st.DrawFn


def _extended(draw: Draw, b: Builder, x: int, skip: int) -> int:
    """One more operation, of any kind that fits."""
    here = b.map(x)
    stride = draw(st.integers(1, min(2, here.height, here.width)))
    kernel = draw(st.sampled_from([1, 2, 3, 5]))
    match draw(st.integers(0, 9)):
        case 0:
            return b.conv(x, draw(st.integers(1, 12)), kernel, stride)
        case 1:
            groups = draw(st.sampled_from([g for g in range(1, 13) if here.channels % g == 0]))
            return b.conv(x, 2 * groups, kernel, stride, groups)
        case 2:
            return b.depthwise(x, kernel, stride, draw(st.sampled_from(Activation)))
        case 3:
            return b.activate(x, draw(st.sampled_from(Activation)))
        case 4:
            return b.squeeze_excite(x)
        case 5:
            return b.max_pool(x, kernel, stride)
        case 6:
            return b.average_pool(x, kernel, stride)
        case 7 if here == b.map(skip):
            return b.activate(b.add(x, skip, x), Activation.RELU)
        case 8 if here.channels % 2 == 0:
            left, right = b.split(x)
            return b.shuffle(b.concat(left, b.conv(right, here.channels // 2)))
        case _:
            return b.conv(x, here.channels, activation=Activation.RELU6)


@st.composite
def networks(draw: Draw) -> Network:
    size = Map(draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 12)))
    b = Builder("random", size, draw(st.integers(1, 3)))
    x = b.conv(b.input, draw(st.integers(1, 12)))
    for _ in range(draw(st.integers(0, 6))):
        x = _extended(draw, b, x, b.input)
    if draw(st.booleans()):
        x = b.dense(b.global_average(x), draw(st.integers(1, 10)))
    return b.finish(x)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("costs")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(network=networks())
def test_costs_are_those_of_the_files(network: Network, folder: Path) -> None:
    costs = network_costs(network)
    onnx, tflite = folder / "x.onnx", folder / "x.tflite"
    onnx.write_bytes(write(network, "onnx", Precision.FP32))
    tflite.write_bytes(write(network, "tflite", Precision.FP32))
    graph = read_graph(onnx)
    assert not graph.uncounted
    assert (graph.macs, graph.parameters, graph.other_ops) == (costs.macs, costs.parameters, costs.other_ops)
    assert graph.activation_bytes == costs.activation_bytes
    assert graph.peak_activation_bytes == costs.peak_activation_bytes
    computing = [each for each in graph.operators if each.cost.macs or each.cost.other_ops]
    assert len(computing) == costs.kernels
    graph = read_graph(tflite)
    assert not graph.uncounted
    assert (graph.macs, graph.parameters) == (costs.macs, costs.parameters)


@pytest.mark.parametrize("form", ["onnx", "tflite"])
def test_int8_files_have_the_same_multiplications_and_parameters(form: str, tmp_path: Path) -> None:
    b = Builder("block", Map(8, 8, 16))
    x = b.squeeze_excite(b.depthwise(b.input, 3, activation=Activation.RELU6))
    network = b.finish(b.dense(b.global_average(b.add(b.input, b.conv(x, 16))), 10))
    file = tmp_path / f"x.{form}"
    file.write_bytes(write(network, form, Precision.INT8))  # type: ignore[arg-type]
    graph, costs = read_graph(file), network_costs(network)
    assert (graph.macs, graph.parameters) == (costs.macs, costs.parameters)
