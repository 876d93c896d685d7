"""Which targets words mean where work may wait."""

import pytest

from edgemeter.client.errors import NoTargetError
from edgemeter.client.naming import named_targets
from edgemeter.wire.devices import TargetRow


def row(slug: str, *, available: bool = True) -> TargetRow:
    return TargetRow(
        slug=slug,
        revision=1,
        formats=("onnx",),
        devices=(),
        available=available,
        pending_jobs=0,
        measurements=0,
    )


ROWS = (
    row("box.cpu.onnxruntime-1.31.fp32.t1.b1"),
    row("box.cpu.onnxruntime-1.31.int8.t1.b1"),
    row("box.cpu.onnxruntime-1.31.fp32.t2.b1"),
    row("old.cpu.onnxruntime-1.31.fp32.t1.b1", available=False),
    row("plain"),
)


def test_words_mean_all_precisions_of_one_thread_that_are_there_now() -> None:
    assert named_targets(ROWS, ["onnxruntime"]) == tuple(each.slug for each in ROWS[:2])
    assert named_targets(ROWS, ["fp32.t2", "int8", "int8"]) == (ROWS[2].slug, ROWS[1].slug)
    assert named_targets(ROWS, ["old"]) == (ROWS[3].slug,)
    assert named_targets(ROWS, ["plain"]) == ("plain",)


def test_a_whole_target_of_nobody_is_waited_for() -> None:
    assert named_targets((), ["phone.npu.qnn-2.3.int8.t1.b1"]) == ("phone.npu.qnn-2.3.int8.t1.b1",)


@pytest.mark.parametrize(("rows", "text"), [(ROWS, "tensorrt"), ((), "openvino"), (ROWS, "a b")])
def test_words_that_mean_nothing_are_told(rows: tuple[TargetRow, ...], text: str) -> None:
    with pytest.raises(NoTargetError):
        named_targets(rows, [text])
