"""Offers are believed only where they say what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.measurement import TargetDocument
from edgemeter.targets import Precision, Target
from edgemeter.wire.agents import TargetOffer
from edgemeter_server.devices.offers import FACTS_LIMIT_BYTES, canonical, checked
from edgemeter_server.http.problems import Refusal

XEON = Target("xeon-2c", "cpu", "onnxruntime", "1.31", Precision.FP32)


def offer(target: Target = XEON, *, slug: str | None = None, **fingerprint: object) -> TargetOffer:
    words = {name: getattr(target, name) for name in Target.__dataclass_fields__}
    document = TargetDocument(slug=slug or target.slug, **words)
    return TargetOffer(target=document, formats=("tflite", "onnx"), fingerprint=fingerprint)


def test_an_honest_offer() -> None:
    (found,) = checked([offer(kernel="6.1", driver=2)])
    assert found.slug == "xeon-2c.cpu.onnxruntime-1.31.fp32.t1.b1"
    assert found.formats == "onnx,tflite"
    assert found.fingerprint == '{"driver":2,"kernel":"6.1"}'


def test_the_order_of_facts_does_not_matter() -> None:
    one, other = checked([offer(a=1, b={"x": 1, "y": 2})]), checked([offer(b={"y": 2, "x": 1}, a=1)])
    assert one[0].digest == other[0].digest


@pytest.mark.parametrize(
    "target",
    [
        Target("xeon.2c", "cpu", "onnxruntime", "1.31", Precision.FP32),
        Target("xeon", "cpu.big", "onnxruntime", "1.31", Precision.FP32),
        Target("xeon", "cpu", "onnx/runtime", "1.31", Precision.FP32),
        Target("xeon", "cpu", "onnxruntime", "1-31", Precision.FP32),
        Target("Xeon", "cpu", "onnxruntime", "1.31", Precision.FP32),
        Target("", "cpu", "onnxruntime", "1.31", Precision.FP32),
        Target("x" * 200, "cpu", "onnxruntime", "1.31", Precision.FP32),
        Target("xeon", "cpu", "onnxruntime", "1.31", Precision.FP32, threads=0),
        Target("xeon", "cpu", "onnxruntime", "1.31", Precision.FP32, batch=5000),
    ],
)
def test_words_that_cannot_be_in_a_slug(target: Target) -> None:
    with pytest.raises(Refusal, match="words"):
        checked([offer(target)])


def test_a_slug_of_something_else() -> None:
    with pytest.raises(Refusal, match=r"not that of its parts, xeon-2c\.cpu"):
        checked([offer(slug="xeon-4c.cpu.onnxruntime-1.31.fp32.t1.b1")])


def test_twice_the_same_target() -> None:
    with pytest.raises(Refusal, match="twice"):
        checked([offer(a=1), offer(a=2)])


@pytest.mark.parametrize("facts", [{"x": float("nan")}, {"x": float("inf")}])
def test_facts_that_are_no_json(facts: dict[str, object]) -> None:
    with pytest.raises(Refusal, match="plain JSON"):
        canonical(facts)


def test_facts_nested_too_deep() -> None:
    nested: dict[str, object] = {}
    for _ in range(100_000):
        nested = {"x": nested}
    with pytest.raises(Refusal, match="plain JSON"):
        canonical(nested)


def test_too_many_facts() -> None:
    with pytest.raises(Refusal, match="64 KiB"):
        canonical({"x": "y" * FACTS_LIMIT_BYTES})


WORDS = st.from_regex(r"[a-z0-9]{1,3}(-[a-z0-9]{1,3})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2})?", fullmatch=True)
TARGETS = st.builds(
    Target, WORDS, WORDS, WORDS, VERSIONS, st.sampled_from(Precision), st.integers(1, 3), st.integers(1, 3)
)


@given(TARGETS, TARGETS)
def test_no_two_targets_share_a_slug(one: Target, other: Target) -> None:
    checked([offer(one)])
    checked([offer(other)])
    assert (one.slug == other.slug) == (one == other)
