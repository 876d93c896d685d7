"""Measurement documents as they are stored, and back: what comes out equals what went in.

A document is split by who else says the same and by who asks for it: columns that lists and queries use;
`batch`, the same for all that were measured together; `samples` with what was computed from them; `layers`;
and `detail`, all the rest. See docs/measurements.md.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from edgemeter.measurement import Measurement
from edgemeter_server.measurements import samples
from edgemeter_server.measurements.compression import compress, decompress
from edgemeter_server.measurements.packing import pack, unpack

DICTIONARY = "dictionary_1.txt"
_VERSION = b"\x01"
_BATCH = ("target", "protocol", "conditions")
_APART = {*_BATCH, "visits", "layers"}
_SIZES = ("size_bytes", "macs", "parameters")  #: of a network: long numbers, others for each
_HEX = re.compile(r"(?:[0-9a-f]{2}){1,32}")
_PLACE = 0.0  #: in `detail`, of a number that stands with the samples


@dataclass(frozen=True, slots=True)
class Stored:
    """A measurement's parts. `samples` and `layers` are None where it has none."""

    latency_ms: float | None
    low_ms: float | None
    high_ms: float | None
    detail: bytes
    batch: bytes
    samples: bytes | None
    layers: bytes | None


def encode(measurement: Measurement) -> Stored:
    """The network is the artifact that the measurement is stored with: its sha256 is not kept again."""
    return encode_all([measurement])[0]


def encode_all(measurements: Sequence[Measurement]) -> list[Stored]:
    """`encode` of each. Samples are packed for all of them together, in half the time."""
    documents = [measurement.model_dump(exclude=_APART) for measurement in measurements]
    numbers = [_numbers(document) for document in documents]
    measured = [*zip((measurement.visits for measurement in measurements), numbers, strict=True)]
    packed = [
        content if any(own) else None
        for content, own in zip(samples.encode_all(measured), measured, strict=True)
    ]
    return [_stored(*each) for each in zip(measurements, documents, packed, strict=True)]


def _stored(measurement: Measurement, document: dict[str, Any], packed: bytes | None) -> Stored:
    latency, interval = measurement.latency, measurement.latency and measurement.latency.interval
    return Stored(
        latency_ms=latency.value_ms if latency else None,
        low_ms=interval.low_ms if interval else None,
        high_ms=interval.high_ms if interval else None,
        detail=_detail(document),
        batch=_json({name: getattr(measurement, name) for name in _BATCH}),
        samples=packed,
        layers=None if measurement.layers is None else compress(_json(measurement.layers), DICTIONARY),
    )


def _numbers(document: dict[str, Any]) -> list[float]:
    """Those that stand with the samples, taken out of the document, as is what has a column of its own."""
    if latency := document["latency"]:
        del latency["value_ms"], latency["interval"]["low_ms"], latency["interval"]["high_ms"]
    numbers: list[float] = []
    for part in _computed(document):
        _take(part, numbers)
    return numbers


def decode(stored: Stored, sha256: bytes) -> Measurement:
    """`sha256` is the artifact's. Raises ValueError for what `encode` did not write."""
    document = read_detail(stored.detail, sha256)
    visits, numbers = samples.decode(stored.samples) if stored.samples else ((), [])
    given = iter(numbers)
    for part in _computed(document):
        _give(part, given)
    if latency := document["latency"]:
        latency["value_ms"] = stored.latency_ms
        latency["interval"] |= {"low_ms": stored.low_ms, "high_ms": stored.high_ms}
    layers = stored.layers and from_json(decompress(stored.layers, DICTIONARY))
    return Measurement.model_validate(
        document | from_json(stored.batch) | {"visits": visits, "layers": layers}
    )


def read_detail(content: bytes, sha256: bytes) -> dict[str, Any]:
    """The document without what stands elsewhere: validity, execution, metrics' names and so on."""
    if content[:1] != _VERSION:
        raise ValueError("a measurement of an unknown version")
    (sizes,), rest = unpack(content[1:])
    document: dict[str, Any] = from_json(decompress(rest, DICTIONARY))
    network = document["network"]
    network["sha256"] = sha256.hex()
    network |= {name: sizes.pop(0) for name in _SIZES if network[name] is not None}
    if isinstance(network["structural_hash"], int):
        network["structural_hash"] = content[-network["structural_hash"] :].hex()
    return document


def _detail(document: dict[str, Any]) -> bytes:
    network, tail = document["network"], b""
    sizes = [network[name] for name in _SIZES if network[name] is not None]
    network |= {name: 0 for name in _SIZES if network[name] is not None}
    network["sha256"] = None
    if _HEX.fullmatch(network["structural_hash"] or ""):
        # Digits of a hash compress to half at best: exactly what its bytes are.
        tail = bytes.fromhex(network["structural_hash"])
        network["structural_hash"] = len(tail)
    return _VERSION + pack([sizes]) + compress(_json(document), DICTIONARY) + tail


def _computed(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a document whose numbers were computed from samples or read beside them."""
    return [part for part in (document["latency"], document["metrics"]) if part]


def _take(part: dict[str, Any] | list[Any], numbers: list[float]) -> None:
    for key, value in _items(part):
        if isinstance(value, float):
            numbers.append(value)
            part[key] = _PLACE
        elif isinstance(value, tuple):
            part[key] = list(value)
            _take(part[key], numbers)
        elif isinstance(value, dict) and key != "interval":
            _take(value, numbers)


def _give(part: dict[str, Any] | list[Any], numbers: Iterator[float]) -> None:
    for key, value in _items(part):
        if isinstance(value, float):
            part[key] = next(numbers)
        elif isinstance(value, list) or (isinstance(value, dict) and key != "interval"):
            _give(value, numbers)


def _items(part: dict[str, Any] | list[Any]) -> list[tuple[Any, Any]]:
    return list(enumerate(part)) if isinstance(part, list) else list(part.items())


def _json(value: object) -> bytes:
    return to_json(value, inf_nan_mode="constants")
