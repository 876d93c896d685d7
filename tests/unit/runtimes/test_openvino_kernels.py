from edgemeter.graphs.graph import Cost, Operator
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.openvino_kernels import Origin, told_kernels
from edgemeter_agents.runtimes.openvino_layers import ExecutedNode, mean_between_us
from edgemeter_agents.runtimes.openvino_results import written_by
from edgemeter_agents.runtimes.sources import Sources

MAP = (1, 16, 20, 20)


def node(kind: str, implementation: str, mean_us: int | None = 9, **more: object) -> ExecutedNode:
    name = str(more.pop("name", kind.lower()))
    origins = more.pop("origins", ())
    return ExecutedNode(name, kind, implementation, Precision.FP32, origins, mean_us, **more)  # type: ignore[arg-type]


CONVOLUTION = node(
    "Convolution",
    "brgconv_avx512_f32",
    origins=("c/WithoutBiases", "c", "r", "a"),
    inputs=(MAP, (1, 24, 10, 10)),
    weights=((4, 6, 4, 3, 3), (24,)),
    outputs=((1, 24, 10, 10),),
)
ORIGINS = {
    "c/WithoutBiases": Origin("GroupConvolution", None, (2, 2)),
    "c": Origin("Add"),
    "r": Origin("Relu"),
    "p": Origin("MaxPool", (3, 3), (2, 2)),
}


def test_a_fused_grouped_convolution_is_told_with_its_sizes() -> None:
    [kernel] = told_kernels([CONVOLUTION], ORIGINS, [7.5], Sources(()))
    assert kernel.kind == "Convolution brgconv_avx512_f32"
    assert (kernel.channels, kernel.window, kernel.stride, kernel.groups) == ((16, 24), (3, 3), (2, 2), 4)
    assert kernel.macs == 24 * 100 * 4 * 9
    assert kernel.weights == 4 * 6 * 4 * 9 + 24
    assert kernel.fused == ("Add", "Relu")
    assert kernel.time_us == 7.5


def test_a_convolution_that_a_pass_has_renamed_has_its_stride_by_its_maps() -> None:
    [kernel] = told_kernels([CONVOLUTION], {}, [None], Sources(()))
    assert (kernel.stride, kernel.fused, kernel.time_us) == ((2, 2), ("Add",), None)


def test_a_pool_has_the_window_of_the_file() -> None:
    pool = node("Pooling", "jit_avx512_f32", origins=("p",), inputs=(MAP,), outputs=((1, 16, 10, 10),))
    [kernel] = told_kernels([pool], ORIGINS, [None], Sources(()))
    assert (kernel.window, kernel.stride, kernel.macs) == ((3, 3), (2, 2), 0)


def test_a_product_multiplies_rows() -> None:
    product = node(
        "FullyConnected", "gemm_mlas_f32", inputs=((1, 32),), weights=((10, 32), (10,)), outputs=((1, 10),)
    )
    [kernel] = told_kernels([product], {}, [None], Sources(()))
    assert (kernel.channels, kernel.macs, kernel.weights) == ((32, 10), 320, 330)


def test_new_shapes_of_the_same_memory_are_no_kernels() -> None:
    nodes = [
        node("Reshape", "unknown_f32", None, inputs=(MAP,), outputs=(MAP,)),
        node("Reorder", "reorder_f32", None, name="c_acdb_abcd_fake", inputs=(MAP,), outputs=(MAP,)),
        node("Transpose", "unknown_f32", 3, inputs=(MAP,), outputs=(MAP,)),
        node("Reorder", "reorder_f32", None, inputs=(MAP,), outputs=(MAP,)),
    ]
    assert [k.kind for k in told_kernels(nodes, {}, [None] * 4, Sources(()))] == [
        "Transpose unknown_f32",
        "Reorder reorder_f32",
    ]


def test_a_mean_is_freed_of_its_warm_up() -> None:
    assert mean_between_us(100, 16, 3, 27) == (30 * 16 - 300) / 27
    assert mean_between_us(None, 5, 3, 27) == 150 / 27
    assert mean_between_us(100, 1, 3, 27) == 0.0


def operator(kind: str, inputs: str, output: str) -> Operator:
    return Operator(kind, "", output, tuple(inputs.split()), (output,), {}, "float32", Cost(0, 0, 0, 0, 0))


def test_nodes_write_the_last_of_the_tensors_that_they_name_and_relays_what_they_read() -> None:
    operators = [
        operator("Conv", "input w", "c"),
        operator("Relu", "c", "r"),
        operator("Reshape", "r s", "rows"),
        operator("Gemm", "rows v", "output"),
    ]
    nodes = [
        node("Reorder", "jit", name="input_to_acdb", reads=("input",), layout="acdb"),
        node("Convolution", "jit", name="c", origins=("c", "r"), reads=("input_to_acdb",), layout="acdb"),
        node("Reshape", "unknown_f32", None, name="rows", origins=("rows",), reads=("c",), layout="ab"),
        node("FullyConnected", "gemm", name="output", origins=("output",), reads=("rows",), layout="ab"),
    ]
    written = written_by(nodes, Sources(operators))
    assert {name: each.results for name, each in written.items()} == {
        "input_to_acdb": ("input",),
        "c": ("r",),
        "rows": ("rows",),
        "output": ("output",),
    }
    # What only renames keeps the layout of the memory that it names.
    assert [each.layouts for each in written.values()] == [
        ("", "acdb"),
        ("acdb", "acdb"),
        ("acdb", "acdb"),
        ("acdb", ""),
    ]
