"""Words of targets against what a server has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.client.choosing import choose
from edgemeter.client.errors import NoTargetError
from edgemeter.targets import Precision, Target
from edgemeter.targets import target_of as parse
from edgemeter.wire.devices import TargetRow

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True)


def row(slug: str, *, available: bool = True, formats: tuple[str, ...] = ("onnx",)) -> TargetRow:
    return TargetRow(
        slug=slug,
        revision=1,
        formats=formats,
        devices=("d",),
        available=available,
        pending_jobs=0,
        measurements=0,
    )


LAB = [
    row("xeon-2c.cpu.openvino-2026.4.fp32.t1.b1"),
    row("xeon-2c.cpu.openvino-2026.4.int8.t1.b1"),
    row("xeon-2c.cpu.openvino-2026.4.fp32.t2.b1"),
    row("xeon-2c.cpu.openvino-2026.2.fp32.t1.b1", available=False),
    row("xeon-2c.cpu.litert-2.3.int8.t1.b1", formats=("tflite",)),
    row("phone.npu.qnn-2.40.fp16.t4.b1"),
]


def slugs(*words: str, file_format: str = "onnx", precision: Precision | None = Precision.FP32) -> list[str]:
    return [found.slug for found in choose(LAB, words, file_format, precision)]


def test_what_is_not_said_follows_the_file() -> None:
    assert slugs("openvino") == ["xeon-2c.cpu.openvino-2026.4.fp32.t1.b1"]
    assert slugs("openvino", precision=Precision.INT8) == ["xeon-2c.cpu.openvino-2026.4.int8.t1.b1"]
    assert slugs("openvino.t2") == ["xeon-2c.cpu.openvino-2026.4.fp32.t2.b1"]


def test_where_nothing_is_preferred_whatever_fits_is_taken() -> None:
    assert slugs("phone") == ["phone.npu.qnn-2.40.fp16.t4.b1"]


def test_a_whole_slug_names_itself_also_where_nobody_offers_it_now() -> None:
    assert slugs(LAB[3].slug) == [LAB[3].slug]


def test_the_same_target_is_taken_once() -> None:
    assert slugs("openvino", LAB[0].slug, "xeon-2c.openvino") == [LAB[0].slug]


@pytest.mark.parametrize("word", ["tensorrt", "litert", "no such word", ""])
def test_words_that_fit_nothing_list_what_there_is(word: str) -> None:
    with pytest.raises(NoTargetError, match="xeon-2c"):
        slugs(word)


def test_a_format_that_nothing_reads_is_told() -> None:
    with pytest.raises(NoTargetError, match="reads other files"):
        slugs("openvino", file_format="other")


@given(
    st.builds(
        Target,
        device=NAMES,
        processor=NAMES,
        runtime=NAMES,
        runtime_version=st.from_regex(r"[0-9]{1,4}\.[0-9]{1,3}", fullmatch=True),
        precision=st.sampled_from(Precision),
        threads=st.integers(1, 64),
        batch=st.integers(1, 64),
    )
)
def test_a_slug_is_read_back(target: Target) -> None:
    assert parse(target.slug) == target
