"""A table as it was sent: CSV, read row by row."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from edgemeter.spaces.table_files import bounded_lines
from edgemeter.spaces.tidy import VALUE_COLUMNS
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal


def read_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row by its columns' names, numbered from 1. Raises Refusal INVALID for what is no table."""
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(bounded_lines(file), restval="")
            missing = [name for name in VALUE_COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise _refused(f"the first line names the columns: there is no {missing[0]!r}")
            for row in reader:
                number += 1
                yield number, row
    except UnicodeDecodeError:
        raise _refused(f"row {number + 1} is not UTF-8") from None
    except csv.Error as error:
        raise _refused(f"row {number + 1}: {error}") from None


def _refused(detail: str) -> Refusal:
    return Refusal(ProblemType.INVALID, f"nothing was imported. {detail}")
