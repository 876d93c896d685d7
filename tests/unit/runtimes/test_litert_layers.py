from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgemeter.targets import Precision
from edgemeter_agents.runtimes import litert_profile
from edgemeter_agents.runtimes.base import ProfileUnavailableError
from edgemeter_agents.runtimes.driving import repeated
from edgemeter_agents.runtimes.litert_layers import Plan, PlannedOperator, ProfileLine, mean_of, quiet_of
from edgemeter_agents.runtimes.litert_profile import kernels_of, profile_kernels

#: As ai-edge-litert 2.3 prints it, shortened.
SUMMARY = """
========================== Run Order ==========================
          [node type]  [start]  [first]  [avg ms]     [%]  [cdf%]  [mem KB] [times called] [Name]
  Delegate/Convolution (NHWC, QC8) IGEMM  0.000  0.005  0.004  75.000%  75.000%  0.000  30  [Delegate]:0
                  Delegate/Clamp (NC)  0.000  0.000  0.000  0.000%  75.000%  0.000  30  [Delegate]:1
                      AVERAGE_POOL_2D  0.000  0.001  0.001  12.500%  87.500%  0.000  30  [Builtin]:1
Delegate/Fully Connected (NC, QS8, QC8W) GEMM  0.000  0.000  0.000  12.500%  100.000%  0.000  30  [Delegate]:0

=================== Top by Computation Time ===================
          [node type]  [start]  [first]  [avg ms]     [%]  [cdf%]  [mem KB] [times called] [Name]
  Delegate/Convolution (NHWC, QC8) IGEMM  0.000  0.005  0.004  75.000%  75.000%  0.000  30  [Delegate]:0
"""

INT8 = ("int8", "int8", "int32")
PLAN = Plan(
    (
        PlannedOperator("CONV_2D", "conv", INT8),
        PlannedOperator("AVERAGE_POOL_2D", "pool", ("int8",)),
        PlannedOperator("FULLY_CONNECTED", "classes", INT8),
    ),
    partitions=2,
)


def test_the_table_in_order_of_execution_is_read_once() -> None:
    kernels = kernels_of(SUMMARY)
    assert [(kernel.kind, kernel.delegated, kernel.index) for kernel in kernels] == [
        ("Convolution (NHWC, QC8) IGEMM", True, 0),
        ("Clamp (NC)", True, 1),
        ("AVERAGE_POOL_2D", False, 1),
        ("Fully Connected (NC, QS8, QC8W) GEMM", True, 0),
    ]
    # Shares of the printed sum (5 us): finer than the means, which are printed in whole microseconds.
    assert [kernel.time_us for kernel in kernels] == pytest.approx([3.75, 0.0, 0.625, 0.625])


def test_text_that_is_no_summary_has_no_kernels() -> None:
    assert kernels_of("nothing to see here") == []


def test_times_of_several_runs_are_their_mean_or_that_of_the_quieter_half() -> None:
    times_us = [(5.0, 1.0), (50.0, 1.5), (6.0, 20.0)]
    runs = [[ProfileLine("a", a, True, 0), ProfileLine("b", b, False, 1)] for a, b in times_us]
    assert [line.time_us for line in mean_of(runs)] == pytest.approx([61 / 3, 7.5])
    assert [line.time_us for line in quiet_of(runs)] == pytest.approx([5.5, 1.25])
    assert [(line.kind, line.delegated, line.index) for line in quiet_of(runs)] == [
        ("a", True, 0),
        ("b", False, 1),
    ]


def test_kernels_get_the_operators_that_they_surely_compute() -> None:
    layers = PLAN.layers(kernels_of(SUMMARY))
    assert [layer.operators for layer in layers] == [("conv",), (), ("pool",), ("classes",)]
    assert [layer.precision for layer in layers] == [Precision.INT8, None, Precision.INT8, Precision.INT8]


def test_kernels_that_do_not_add_up_get_no_operators() -> None:
    split = [ProfileLine("Convolution (NHWC, F32) IGEMM", 1.0, True, index) for index in range(3)]
    assert [layer.operators for layer in PLAN.layers(split)] == [(), (), ()]


def test_depthwise_kernels_are_matched_among_themselves() -> None:
    plan = Plan(
        (
            PlannedOperator("CONV_2D", "conv", ("float32", "float32")),
            PlannedOperator("DEPTHWISE_CONV_2D", "depthwise", ("float32", "float32")),
            PlannedOperator("TRANSPOSE_CONV", "up", ("int32", "float32")),
        ),
        partitions=1,
    )
    kinds = ("Fully Connected (NC, F32) GEMM", "Convolution (NHWC, F32) DWConv", "Deconvolution (NHWC, F32)")
    layers = plan.layers([ProfileLine(kind, 1.0, True, index) for index, kind in enumerate(kinds)])
    assert [layer.operators for layer in layers] == [("conv",), ("depthwise",), ("up",)]


@pytest.mark.parametrize(
    ("dtypes", "precision"),
    [
        (("float32", "float32"), Precision.FP32),
        (("int8", "int8"), Precision.INT8),
        (("uint8", "uint8"), Precision.INT8),
        (("float32", "int8"), None),  # integer arithmetic on floats: neither
        (("int16", "int8"), None),
        ((), None),
    ],
)
def test_the_precision_of_heavy_operators(dtypes: tuple[str, ...], precision: Precision | None) -> None:
    plan = Plan((PlannedOperator("CONV_2D", "conv", dtypes), PlannedOperator("SOFTMAX", "s", dtypes)), 1)
    assert plan.heavy_precisions() == [precision]


def test_an_interpreter_that_hides_its_plan_is_unknown() -> None:
    plan = Plan.of(object())
    assert not plan.known
    assert plan.heavy_precisions() == []


def test_versions_that_were_not_tried_are_not_profiled(monkeypatch: pytest.MonkeyPatch) -> None:
    class Future:
        __version__ = "3.0.1"

    def load_future(_: str) -> Any:
        return Future

    monkeypatch.setattr(litert_profile, "import_module", load_future)
    tensor = np.zeros((1, 2), np.float32)
    with pytest.raises(ProfileUnavailableError, match=r"ai-edge-litert 3\.0\.1"):
        profile_kernels(Path("any.tflite"), 1, [tensor], [tensor], partial(repeated, 1))


def test_tensors_that_the_library_does_not_know_are_not_profiled() -> None:
    with pytest.raises(ProfileUnavailableError, match="complex64"):
        litert_profile._tensor_type(np.zeros(1, np.complex64))
