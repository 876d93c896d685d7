"""docs/server.md has every setting and every metric, as they are."""

import re
from pathlib import Path

from edgemeter_server.operations.metrics import Metrics
from edgemeter_server.settings import Settings

TEXT = (Path(__file__).parents[4] / "docs" / "server.md").read_text()


def written(default: object) -> str:
    if default is None:
        return ""
    return (
        str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )


def test_the_table_of_settings() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)? ?\| ", TEXT, re.MULTILINE)
    shown = [row for row in rows if row[0] in Settings.model_fields]
    assert shown == [(name, written(field.default)) for name, field in Settings.model_fields.items()]


def test_the_table_of_metrics() -> None:
    ours = {family.name for family in Metrics().registry.collect() if family.name.startswith("edgemeter_")}
    told = {name.removesuffix("_total") for name in re.findall(r"`(edgemeter_\w+)", TEXT)}
    assert told == ours
