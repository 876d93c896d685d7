"""docs/problems.md lists every type of problem, with its status."""

import re
from pathlib import Path

from edgemeter_server.http.problems import STATUS

FILE = Path(__file__).resolve().parents[4] / "docs" / "problems.md"


def test_every_type_is_listed_with_its_status():
    listed = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", FILE.read_text(), re.MULTILINE)

    assert sorted((kind, int(status)) for kind, status in listed) == sorted(STATUS.items())
