import pytest

from edgemeter.targets import Precision
from edgemeter_agents.runtimes.precisions import prevailing, tally

FP32, INT8 = Precision.FP32, Precision.INT8


@pytest.mark.parametrize(
    ("found", "most", "told"),
    [
        ([INT8, INT8, FP32], INT8, "int8: 2, fp32: 1"),
        ([FP32, FP32, FP32, INT8], FP32, "fp32: 3, int8: 1"),
        ([None, None, INT8], None, "other: 2, int8: 1"),
        ([], None, "none"),
    ],
)
def test_most_heavy_operators_decide(
    found: list[Precision | None], most: Precision | None, told: str
) -> None:
    assert prevailing(found) is most
    assert tally(found) == told
