import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from edgemeter.measurement import Interval, MeasurementReport, ProtocolDocument

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "measurement.schema.json"


def test_the_committed_schema_is_the_models() -> None:
    assert json.loads(SCHEMA.read_text()) == MeasurementReport.model_json_schema(), (
        "run scripts/write_schema.py"
    )


def test_documents_are_immutable_and_refuse_unknown_fields() -> None:
    protocol = ProtocolDocument(name="precise", version=1, digest="0")
    with pytest.raises(ValidationError, match="frozen"):
        protocol.name = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        ProtocolDocument.model_validate({"name": "x", "version": 1, "digest": "0", "more": 1})


def test_latency_is_never_negative() -> None:
    with pytest.raises(ValidationError):
        Interval(low_ms=-0.1, high_ms=1)
