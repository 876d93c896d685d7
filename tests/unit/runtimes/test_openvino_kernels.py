from edgemeter.targets import Precision
from edgemeter_agents.runtimes.openvino_kernels import Origin, told_kernels
from edgemeter_agents.runtimes.openvino_layers import ExecutedNode, mean_between_us

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
    [kernel] = told_kernels([CONVOLUTION], ORIGINS, [7.5])
    assert kernel.kind == "Convolution brgconv_avx512_f32"
    assert (kernel.channels, kernel.window, kernel.stride, kernel.groups) == ((16, 24), (3, 3), (2, 2), 4)
    assert kernel.macs == 24 * 100 * 4 * 9
    assert kernel.weights == 4 * 6 * 4 * 9 + 24
    assert kernel.fused == ("Add", "Relu")
    assert kernel.time_us == 7.5


def test_a_convolution_that_a_pass_has_renamed_has_its_stride_by_its_maps() -> None:
    [kernel] = told_kernels([CONVOLUTION], {}, [None])
    assert (kernel.stride, kernel.fused, kernel.time_us) == ((2, 2), ("Add",), None)


def test_a_pool_has_the_window_of_the_file() -> None:
    pool = node("Pooling", "jit_avx512_f32", origins=("p",), inputs=(MAP,), outputs=((1, 16, 10, 10),))
    [kernel] = told_kernels([pool], ORIGINS, [None])
    assert (kernel.window, kernel.stride, kernel.macs) == ((3, 3), (2, 2), 0)


def test_a_product_multiplies_rows() -> None:
    product = node(
        "FullyConnected", "gemm_mlas_f32", inputs=((1, 32),), weights=((10, 32), (10,)), outputs=((1, 10),)
    )
    [kernel] = told_kernels([product], {}, [None])
    assert (kernel.channels, kernel.macs, kernel.weights) == ((32, 10), 320, 330)


def test_new_shapes_of_the_same_memory_are_no_kernels() -> None:
    nodes = [
        node("Reshape", "unknown_f32", None, inputs=(MAP,), outputs=(MAP,)),
        node("Reorder", "reorder_f32", None, name="c_acdb_abcd_fake", inputs=(MAP,), outputs=(MAP,)),
        node("Transpose", "unknown_f32", 3, inputs=(MAP,), outputs=(MAP,)),
        node("Reorder", "reorder_f32", None, inputs=(MAP,), outputs=(MAP,)),
    ]
    assert [k.kind for k in told_kernels(nodes, {}, [None] * 4)] == [
        "Transpose unknown_f32",
        "Reorder reorder_f32",
    ]


def test_a_mean_is_freed_of_its_warm_up() -> None:
    assert mean_between_us(100, 16, 3, 27) == (30 * 16 - 300) / 27
    assert mean_between_us(None, 5, 3, 27) == 150 / 27
    assert mean_between_us(100, 1, 3, 27) == 0.0
