"""What comes out equals what went in, for everything that the wire accepts."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgemeter.failures import FailureKind
from edgemeter.measurement import (
    FailureDocument,
    Interval,
    Latency,
    Layer,
    Measurement,
    Metrics,
    NetworkDocument,
    ProtocolDocument,
    Remark,
    TargetDocument,
    Validity,
    VisitDocument,
)
from edgemeter.targets import Precision
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal
from edgemeter_server.measurements import codec, compression, testing

SHA256 = "c4" * 32

TEXT = st.text(max_size=20)
HUGE = st.integers() | st.integers(-(2**200), 2**200)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
MS = st.floats(min_value=0, allow_infinity=False) | st.integers(0, 10**12).map(lambda ns: ns / 1e6)
JSON = st.recursive(
    st.none() | st.booleans() | HUGE | FLOAT | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
NS = st.lists(st.integers(0, 10**9) | HUGE, max_size=6).map(tuple)
REMARKS = st.lists(st.builds(Remark, name=TEXT, text=TEXT, detail=TEXT), max_size=2).map(tuple)
TARGETS = st.builds(TargetDocument, slug=TEXT, precision=st.sampled_from(Precision), threads=HUGE, batch=HUGE)
NETWORKS = st.builds(
    NetworkDocument,
    name=TEXT,
    sha256=st.just(SHA256),
    format=st.sampled_from(["onnx", "tflite", "other"]),
    shapes=st.dictionaries(TEXT, st.lists(HUGE, max_size=3).map(tuple), max_size=2),
    structural_hash=st.none() | TEXT | st.binary(min_size=1, max_size=40).map(bytes.hex),
)
#: Hypothesis would infer floats that the wire refuses, such as infinity.
LATENCY_MS = {name: MS for name, field in Latency.model_fields.items() if field.annotation is float}
LATENCIES = st.builds(
    Latency,
    **LATENCY_MS | {"disturbance": FLOAT, "drift": st.none() | FLOAT, "shrinkage": FLOAT, "timed_s": FLOAT},
    interval=st.builds(Interval, low_ms=MS, high_ms=MS, level=FLOAT),
    percentiles_ms=st.dictionaries(TEXT, MS, max_size=4),
    confidence_ms=st.tuples(MS, MS),
    visits_ms=st.lists(MS, max_size=4).map(tuple),
)
VISITS = st.builds(
    VisitDocument,
    runs_per_sample=st.integers(1, 100) | HUGE,
    wall_ns=NS,
    cpu_ns=NS,
    delay_ns=NS,
    warmup_wall_ns=NS,
)
LAYERS = st.lists(
    st.builds(Layer, share=FLOAT, latency_ms=MS, operators=st.lists(TEXT, max_size=2).map(tuple)), max_size=3
)
MEASUREMENTS = st.builds(
    Measurement,
    target=TARGETS,
    network=NETWORKS,
    protocol=st.builds(ProtocolDocument, version=HUGE),
    failure=st.none() | st.builds(FailureDocument, kind=st.sampled_from(FailureKind)),
    latency=st.none() | LATENCIES,
    metrics=st.builds(
        Metrics,
        load_ms=st.none() | MS,
        prepare_ms=st.none() | MS,
        first_inference_ms=st.none() | MS,
        sustained_latency_ms=st.none() | MS,
        peak_memory_bytes=st.none() | HUGE,
        throughput_per_s=st.none() | FLOAT,
        throughput_streams=st.none() | HUGE,
    ),
    layers=st.none() | LAYERS.map(tuple),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    validity=st.builds(Validity, reasons=REMARKS, flags=REMARKS),
    visits=st.lists(VISITS, max_size=3).map(tuple),
    execution=st.dictionaries(TEXT, JSON, max_size=3),
    conditions=st.lists(st.dictionaries(TEXT, JSON, max_size=3), max_size=3).map(tuple),
)


def _again(measurement: Measurement) -> Measurement:
    return codec.decode(codec.encode(measurement), bytes.fromhex(SHA256))


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(MEASUREMENTS)
def test_a_document_comes_back_equal(measurement: Measurement) -> None:
    again = _again(measurement)
    assert again == measurement
    # Types too, and every digit; only the sign of zero is nobody's.
    texts = [each.model_dump_json().replace("-0.0", "0.0") for each in (again, measurement)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("seed", range(20))
def test_a_realistic_document_comes_back_equal(seed: int) -> None:
    measurement = _realistic(seed)
    assert _again(measurement) == measurement


def test_statistics_are_kept_as_what_they_are_of_the_samples() -> None:
    """All the floats of a latency together take less than six of them alone."""
    measurement = _realistic(1)
    with_numbers = codec.encode(measurement).samples
    without = codec.encode(measurement.model_copy(update={"latency": None, "metrics": Metrics()})).samples
    assert with_numbers is not None
    assert without is not None
    assert len(with_numbers) - len(without) < 48


def test_a_typical_measurement_is_small() -> None:
    stored = [codec.encode(_realistic(seed)) for seed in range(50)]
    assert sum(len(each.samples or b"") for each in stored) / 50 < 340
    assert sum(len(each.detail) for each in stored) / 50 < 130


def test_jobs_that_were_measured_together_share_their_batch() -> None:
    random = Random(1)
    conditions = testing.conditions(random)
    batches = {codec.encode(testing.measurement(random, SHA256, conditions)).batch for _ in range(5)}
    assert len(batches) == 1


def test_every_field_of_a_document_is_stored() -> None:
    """Whoever adds a field to the documents sees here that it is kept, and where."""
    apart = {"target", "protocol", "conditions", "visits", "layers"}
    in_detail = codec.read_detail(codec.encode(_realistic(1)).detail, b"").keys()
    assert in_detail | apart == Measurement.model_fields.keys()
    assert set(VisitDocument.model_fields) == {
        "runs_per_sample", "realtime", "wall_ns", "cpu_ns", "delay_ns", "warmup_wall_ns",
    }  # fmt: skip


def test_a_text_that_inflates_is_refused_before_memory_is_taken() -> None:
    bomb = compression.compress(b"0" * compression.MAX_BYTES, codec.DICTIONARY)
    assert len(compression.decompress(bomb, codec.DICTIONARY)) == compression.MAX_BYTES
    with pytest.raises(Refusal) as refused:
        compression.compress(b"0" * (compression.MAX_BYTES + 1), codec.DICTIONARY)
    assert refused.value.kind is ProblemType.TOO_LARGE


@given(st.binary(max_size=100))
def test_damage_is_a_value_error(content: bytes) -> None:
    for read in (
        lambda: codec.read_detail(content, b""),
        lambda: compression.decompress(content, codec.DICTIONARY),
    ):
        try:
            read()
        except (ValueError, KeyError, TypeError):
            continue


def _realistic(seed: int, **shape: Any) -> Measurement:
    random = Random(seed)
    return testing.measurement(random, SHA256, testing.conditions(random), testing.Shape(**shape))
