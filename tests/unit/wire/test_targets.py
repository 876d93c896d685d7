import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.targets import Precision, Target, TargetSelector

TARGET = Target("epyc-2c", "cpu", "onnxruntime", "1.31", Precision.FP32)


def test_slug_reads_from_device_to_batch() -> None:
    assert TARGET.slug == "epyc-2c.cpu.onnxruntime-1.31.fp32.t1.b1"


@pytest.mark.parametrize(
    "text",
    [
        "onnxruntime",
        "onnxruntime.fp32",
        "FP32",
        "t1",
        "b1.t1.cpu",
        "onnxruntime-1.31",
        "epyc-2c",
        TARGET.slug,
    ],
)
def test_words_that_fit(text: str) -> None:
    assert TargetSelector.parse(text).matches(TARGET)


@pytest.mark.parametrize("text", ["openvino", "onnxruntime.int8", "t2", "b16", "onnxruntime-1.30", "gpu"])
def test_words_that_do_not_fit(text: str) -> None:
    assert not TargetSelector.parse(text).matches(TARGET)


@pytest.mark.parametrize("text", ["", " ", "a b", "../x", "onnx\x1b[31m", "."])
def test_words_that_cannot_be_part_of_a_slug(text: str) -> None:
    with pytest.raises(ValueError, match="edgemeter targets"):
        TargetSelector.parse(text)


@given(
    st.builds(
        Target,
        device=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True).filter(
            lambda name: name not in set(Precision) and name[1:].isdigit() is False
        ),
        processor=st.sampled_from(["cpu", "gpu", "dsp"]),
        runtime=st.sampled_from(["onnxruntime", "openvino", "litert"]),
        runtime_version=st.from_regex(r"[0-9]{1,4}\.[0-9]{1,3}", fullmatch=True),
        precision=st.sampled_from(Precision),
        threads=st.integers(1, 9999),
        batch=st.integers(1, 9999),
    )
)
def test_every_slug_selects_its_own_target(target: Target) -> None:
    assert TargetSelector.parse(target.slug).matches(target)
