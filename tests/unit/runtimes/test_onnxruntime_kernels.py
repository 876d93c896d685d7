from typing import Any

from edgemeter.graphs.graph import Cost, Operator
from edgemeter_agents.runtimes.onnxruntime_kernels import Optimised, told_kernels
from edgemeter_agents.runtimes.onnxruntime_profile import Executed, executed_kernels
from edgemeter_agents.runtimes.onnxruntime_results import Node, written_by
from edgemeter_agents.runtimes.sources import Sources

NCHWC = "com.microsoft.nchwc"
RUN = {"cat": "Session", "name": "model_run", "dur": 1000}


def executed(name: str, kind: str, inputs: list[list[int]], output: list[int], *times: int) -> Executed:
    arguments = {
        "op_name": kind,
        "node_index": "0",
        "input_type_shape": [{"float": shape} for shape in inputs],
        "output_type_shape": [{"float": output}],
    }
    return Executed(name, arguments, times or (7,))


CONV = executed(
    "c_nchwc", "Conv", [[1, 8, 10, 12], [16, 8, 3, 3], [16], [1, 16, 5, 6]], [1, 16, 5, 6], 9, 5, 7
)
CONV_NODE = Node(
    "c_nchwc",
    "Conv",
    NCHWC,
    ("x", "w", "b", "sum"),
    {"kernel_shape": [3, 3], "strides": [2, 2], "group": 1, "activation": b"Relu"},
)
WEIGHTS = {"w": (16, 8, 3, 3), "b": (16,)}


def test_a_fused_convolution_is_told_with_its_sizes() -> None:
    [kernel] = told_kernels([CONV], Optimised((CONV_NODE,), WEIGHTS), Sources(()))
    assert kernel.kind == "nchwc.Conv"
    assert kernel.inputs == ((1, 8, 10, 12), (1, 16, 5, 6))
    assert kernel.outputs == ((1, 16, 5, 6),)
    assert kernel.weights == 16 * 8 * 9 + 16
    assert (kernel.channels, kernel.window, kernel.stride) == ((8, 16), (3, 3), (2, 2))
    assert kernel.fused == ("Add", "Relu")
    assert kernel.macs == 16 * 5 * 6 * 8 * 9
    assert kernel.time_us == 6 + 0.5  # the faster half, and what whole microseconds cut off


def test_a_convolution_with_its_activation_is_still_a_convolution() -> None:
    node = Node("", "FusedConv", "com.microsoft", ("x", "w"), {"group": 8, "activation": b"HardSigmoid"})
    run = executed("FusedConv_3", "FusedConv", [[1, 8, 4, 4], [8, 1, 5, 5]], [1, 8, 4, 4])
    [kernel] = told_kernels([run], Optimised((node,), {"w": (8, 1, 5, 5)}), Sources(()))
    assert (kernel.kind, kernel.window, kernel.groups) == ("Conv", (5, 5), 8)
    assert kernel.macs == 8 * 16 * 25


def test_packed_weights_are_missing_in_a_trace_and_counted_all_the_same() -> None:
    node = Node("g", "Gemm", "", ("x", "w", "b"), {"transB": 1})
    run = executed("g", "Gemm", [[1, 32], [10]], [1, 10])
    [kernel] = told_kernels([run], Optimised((node,), {"w": (10, 32), "b": (10,)}), Sources(()))
    assert kernel.inputs == ((1, 32),)
    assert (kernel.weights, kernel.macs, kernel.channels) == (330, 320, (32, 10))


def test_nodes_without_names_are_matched_by_their_place_and_others_by_name() -> None:
    runs = [executed("Relu_4", "Relu", [[1, 2]], [1, 2]), executed("Relu_5", "Relu", [[1, 3]], [1, 3])]
    nameless = tuple(Node("", "Relu", domain, ("x",), {}) for domain in ("", NCHWC))
    assert [k.kind for k in told_kernels(runs, Optimised(nameless, {}), Sources(()))] == [
        "Relu",
        "nchwc.Relu",
    ]
    more = (Node("", "Cast", "", ("x",), {}), Node("Relu_5", "Relu", NCHWC, ("x",), {}))
    assert [k.kind for k in told_kernels(runs, Optimised(more, {}), Sources(()))] == ["Relu", "nchwc.Relu"]


def test_scalars_and_unknown_shapes_are_no_error() -> None:
    run = Executed("s", {"op_name": "Shape", "node_index": "1"}, (1,))
    [kernel] = told_kernels([run], Optimised((), {}), Sources(()))
    assert (kernel.read, kernel.written, kernel.channels) == (0, 0, (1, 1))


def test_a_trace_gives_each_kernel_its_counted_runs() -> None:
    def event(duration_us: int) -> dict[str, Any]:
        arguments = {"op_name": "Relu", "node_index": "0"}
        return {"cat": "Node", "name": "r_kernel_time", "dur": duration_us, "args": arguments}

    [kernel] = executed_kernels([event(90), RUN, event(4), RUN, event(8), RUN], 1)
    assert (kernel.name, kernel.kind, list(kernel.durations_us)) == ("r", "Relu", [4, 8])
    assert kernel.quiet_us == 4


def operator(kind: str, inputs: str, output: str) -> Operator:
    return Operator(kind, "", output, tuple(inputs.split()), (output,), {}, "float32", Cost(0, 0, 0, 0, 0))


FILE = Sources(
    [
        operator("Conv", "input w", "c1"),
        operator("Relu", "c1", "r1"),
        operator("Conv", "r1 w", "c2"),
        operator("Add", "c2 r1", "a"),
        operator("Relu", "a", "r2"),
        operator("Sigmoid", "r2", "s"),
        operator("HardSwish", "s", "output"),
    ]
)


def node(name: str, kind: str, inputs: str, output: str, domain: str = "", activation: bytes = b"") -> Node:
    return Node(name, kind, domain, tuple(inputs.split()), {"activation": activation}, (output,))


def test_kernels_are_told_with_the_tensors_of_the_file_that_they_write() -> None:
    """With what was fused since a node got its name; all that is made of one operator writes its result."""
    nodes = [
        node("r1_nchwc", "Conv", "input w", "reorder", NCHWC, b"Relu"),
        node("c2_nchwc", "Conv", "reorder w b reorder", "reorder_token_1", NCHWC, b"Relu"),
        node("s", "Sigmoid", "reorder_token_1", "reorder_token_2"),
        node("ReorderOutput", "ReorderOutput", "reorder_token_2", "s", NCHWC),
        node("HardSigmoid_3", "HardSigmoid", "s", "made_up"),
        node("Mul_4", "Mul", "made_up s", "output"),
    ]
    written = written_by(nodes, FILE)
    assert [each.results for each in written] == [("r1",), ("r2",), ("s",), ("s",), ("output",), ("output",)]
    assert [each.layouts for each in written] == [
        ("", "nchwc"),
        ("nchwc", "nchwc"),
        ("nchwc", "nchwc"),
        ("nchwc", ""),
        ("", ""),
        ("", ""),
    ]


def test_a_tensor_that_is_only_laid_out_anew_is_named_by_the_kernel() -> None:
    reorder = node("ReorderInput", "ReorderInput", "r1", "reorder", NCHWC)
    [written] = written_by([reorder], FILE)
    assert (written.results, written.layouts) == (("r1",), ("", "nchwc"))
