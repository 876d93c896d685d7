"""Which operator each of XNNPACK's kernels computes, and its sizes."""

import pytest

from edgemeter_agents.runtimes.litert_kernels import told_kernels
from edgemeter_agents.runtimes.litert_layers import ProfileLine
from edgemeter_agents.runtimes.litert_matching import aligned
from edgemeter_agents.runtimes.litert_wiring import Wired, Wiring
from edgemeter_agents.runtimes.sources import Sources

IGEMM, GEMM, DW = (
    "Convolution (NHWC, F32) IGEMM",
    "Fully Connected (NC, F32) GEMM",
    "Convolution (NHWC, F32) DWConv",
)


@pytest.mark.parametrize(
    ("operators", "kernels", "expected"),
    [
        (["CONV_2D", "HARD_SWISH", "DEPTHWISE_CONV_2D"], [IGEMM, "HardSwish (NC)", DW], [0, 1, 2]),
        # The first padding is the convolution's own, the second is a kernel.
        (
            ["PAD", "DEPTHWISE_CONV_2D", "CONV_2D", "PAD", "DEPTHWISE_CONV_2D"],
            [DW, GEMM, "Constant Pad (ND, X32)", DW],
            [1, 2, 3, 4],
        ),
        (["CONV_2D", "DEPTHWISE_CONV_2D"], [GEMM, IGEMM], [0, 1]),  # a window of 7 x 7
        (["ADD", "CONV_2D"], ["Add (ND)", "Clamp (NC)", GEMM], [0, None, 1]),
        (["ADD", "RELU6"], ["Add (ND)", "Clamp (NC)"], [0, 1]),
        (["SLICE", "CONCATENATION"], ["Slice (ND, X32)", "Copy (NC, X32)"], [0, 1]),
        (["MEAN", "FULLY_CONNECTED"], ["Mean (ND) Reduce2", "Static Reshape (NC)", GEMM], [0, None, 1]),
        (["TRANSPOSE_CONV"], ["Deconvolution (NHWC, F32) Subconv2D"], [0]),
        ([], [GEMM], [None]),
        (["CONV_2D"], [], []),
    ],
)
def test_kernels_are_matched_by_name_and_order(
    operators: list[str], kernels: list[str], expected: list[int | None]
) -> None:
    assert aligned(operators, kernels) == expected


#: 0: input, 1: filters, 2: convolved, 3: other filters, 4: depthwise, 5: sum, 6: sizes, 7: rows
WIRING = Wiring(
    operators=(
        Wired("CONV_2D", (0, 1), (2,)),
        Wired("DEPTHWISE_CONV_2D", (2, 3), (4,)),
        Wired("ADD", (2, 4), (5,)),
        Wired("RESHAPE", (5, 6), (7,)),
    ),
    partitions=(Wired("DELEGATE", (0, 1, 3), (5,)),),
    shapes={
        0: (1, 8, 8, 6),
        1: (12, 3, 3, 2),
        2: (1, 8, 8, 12),
        3: (1, 5, 5, 12),
        4: (1, 8, 8, 12),
        5: (1, 8, 8, 12),
        6: (2,),
        7: (1, 768),
    },
    names={2: "convolved", 4: "depthwise", 5: "sum", 7: "rows"},
    inputs=frozenset({0}),
)
LINES = [
    ProfileLine(IGEMM, 5.0, True, 0),
    ProfileLine(DW, 3.0, True, 1),
    ProfileLine("Add (ND)", 1.0, True, 2),
    ProfileLine("Clamp (NC)", 0.0, True, 3),
    ProfileLine("RESHAPE", 0.25, False, 3),
]


def test_kernels_have_the_sizes_of_the_operators_that_they_compute() -> None:
    conv, depthwise, added, clamp, reshape = told_kernels(LINES, WIRING, Sources(()), timed=True)
    assert (conv.channels, conv.window, conv.groups) == ((6, 12), (3, 3), 3)
    assert conv.macs == 64 * 12 * 9 * 2
    assert conv.weights == 12 * 9 * 2
    assert (depthwise.window, depthwise.groups, depthwise.macs) == ((5, 5), 12, 64 * 12 * 25)
    assert len(added.inputs) == 2
    assert (clamp.inputs, clamp.outputs, clamp.macs) == (((1, 8, 8, 12),), ((1, 8, 8, 12),), 0)
    assert (reshape.kind, reshape.outputs) == ("RESHAPE", ((1, 768),))
    assert [kernel.time_us for kernel in (conv, clamp)] == [5.5, 0.5]
    named = [kernel.results for kernel in (conv, depthwise, added, clamp, reshape)]
    assert named == [("convolved",), ("depthwise",), ("sum",), ("sum",), ("rows",)]


def test_without_a_drive_there_are_no_times() -> None:
    assert all(k.time_us is None for k in told_kernels(LINES, WIRING, Sources(()), timed=False))


def test_a_kernel_of_no_known_operator_is_told_without_sizes() -> None:
    [kernel] = told_kernels([ProfileLine("CUSTOM", 2.0, False, 99)], WIRING, Sources(()), timed=True)
    assert (kernel.kind, kernel.inputs, kernel.outputs, kernel.read) == ("CUSTOM", (), (), 0)


def test_a_partition_takes_what_its_results_need_up_to_what_it_is_given() -> None:
    assert WIRING.taken(WIRING.partitions[0]) == [0, 1, 2]
    assert WIRING.taken(Wired("DELEGATE", (2, 3), (5,))) == [1, 2]
