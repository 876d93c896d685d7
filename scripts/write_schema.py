"""Writes docs/measurement.schema.json, the JSON Schema of what `edgemeter measure --json` prints."""

import json
from pathlib import Path

from edgemeter.measurement import MeasurementReport

FILE = Path(__file__).resolve().parents[1] / "docs" / "measurement.schema.json"


def schema_text() -> str:
    return json.dumps(MeasurementReport.model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text())
