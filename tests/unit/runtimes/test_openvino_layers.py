from collections.abc import Sequence
from statistics import mean

from hypothesis import given
from hypothesis import strategies as st

from edgemeter.graphs.graph import Cost, Operator
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.openvino_layers import ExecutedNode, layers_between
from edgemeter_agents.runtimes.sources import Sources

CONV = Operator("Conv", "", "conv", ("x",), ("c",), {}, "float32", Cost(0, 0, 0, 0, 0))
RELU = Operator("Relu", "", "relu", ("c",), ("r",), {}, "float32", Cost(0, 0, 0, 0, 0))


def _node(name: str, mean_us: int | None, origins: Sequence[str] = ()) -> ExecutedNode:
    return ExecutedNode(name, "Convolution", "brgconv_avx512_f32", Precision.FP32, tuple(origins), mean_us)


@given(
    st.lists(st.integers(0, 100_000), min_size=1, max_size=10),
    st.lists(st.integers(0, 1_000), min_size=10, max_size=60),
)
def test_the_warm_up_is_taken_out_of_the_running_mean(warm_up: list[int], timed: list[int]) -> None:
    before = [_node("n", int(mean(warm_up)))]
    after = [_node("n", int(mean(warm_up + timed)))]
    (layer,) = layers_between(before, after, len(warm_up), len(timed), Sources(()))
    runs = len(warm_up) + len(timed)
    assert abs(layer.time_us - mean(timed)) <= runs / len(timed)  # what cutting to whole numbers can lose


def test_times_are_never_negative() -> None:
    (layer,) = layers_between([_node("n", 10)], [_node("n", 1)], 5, 5, Sources(()))
    assert layer.time_us == 0


def test_nodes_that_do_not_run_are_no_layers() -> None:
    nodes = [_node("constant", None), _node("n", 3)]
    assert [layer.name for layer in layers_between(nodes, nodes, 1, 1, Sources(()))] == ["n"]


def test_a_layer_knows_the_files_operators_and_no_others() -> None:
    node = _node("n", 3, ["conv/WithoutBiases", "Multiply_9559", "conv", "r"])
    (layer,) = layers_between([node], [node], 1, 1, Sources([CONV, RELU]))
    assert layer.operators == ("conv", "relu")
    assert layer.kind == "Convolution brgconv_avx512_f32"
