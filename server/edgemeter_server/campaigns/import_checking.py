"""Others' measurements, checked row by row: all of a table is taken, or none of it."""

import hashlib
import json
import math
import tempfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import numpy as np

from edgemeter.spaces.foreign import architecture_text
from edgemeter.spaces.space import CodeError, Space
from edgemeter.spaces.tidy import METRICS
from edgemeter.wire.campaigns import MOST_IMPORTED
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.campaigns.import_reading import read_rows
from edgemeter_server.http.problems import Refusal

#: What a metric's values become: by unit, a factor to the first unit of its kind.
_UNITS: Final[Mapping[str, tuple[str, float]]] = {
    "ms": ("ms", 1.0),
    "us": ("ms", 1e-3),
    "ns": ("ms", 1e-6),
    "s": ("ms", 1e3),
    "mJ": ("mJ", 1.0),
    "J": ("mJ", 1e3),
}
_LONGEST: Final = {"arch": 2000, "device": 200, "metric": 64}
_MAX_ERRORS: Final = 20
_SHOWN: Final = 40
_KEPT_TEXTS: Final = 50_000  #: the same architecture on many devices is read once
_DIGEST_BYTES: Final = 16


class Checked(NamedTuple):
    """A row as it is stored: `value` in the first unit of its kind."""

    row: int
    text: str
    device: str
    metric: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """Rows that wait in a file of their own. `sha256` is of what they tell, in whatever order."""

    count: int
    sha256: bytes
    file: IO[bytes]

    def rows(self) -> Iterator[Checked]:
        self.file.seek(0)
        for line in self.file:
            yield Checked(*json.loads(line))

    def close(self) -> None:
        self.file.close()


def check_table(space: Space, path: Path) -> CheckedTable:
    """To be closed. Rows of single operators are left out.

    Raises Refusal INVALID, which names the rows that are wrong and what is wrong with each, or TOO_LARGE.
    """
    file = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115  # the table's to close
    try:
        return _Checking(space, file).table(path)
    except BaseException:
        file.close()
        raise


class _Checking:
    """Keeps digests instead of texts: some forty bytes a row, however large the table."""

    def __init__(self, space: Space, file: IO[bytes]) -> None:
        self._space, self._file = space, file
        self._texts: dict[str, str | CodeError] = {}
        self._numbers, self._same, self._told = array("q"), bytearray(), bytearray()
        self._errors = _Errors()

    def table(self, path: Path) -> CheckedTable:
        for number, row in read_rows(path):
            if number > MOST_IMPORTED:
                raise Refusal(ProblemType.TOO_LARGE, f"a table has at most {MOST_IMPORTED:,} rows")
            if row["metric"] != METRICS[RecipeKind.OPERATOR]:
                self._take(number, row)
        self._find_repeated()
        self._errors.raise_if_any()
        if not self._numbers:
            raise Refusal(ProblemType.INVALID, "nothing was imported. There is no row of an architecture")
        told = np.sort(np.frombuffer(bytes(self._told), f"S{_DIGEST_BYTES}"))
        head = f"{self._space.name}/{self._space.version}\n".encode()
        return CheckedTable(len(self._numbers), hashlib.sha256(head + told.tobytes()).digest(), self._file)

    def _take(self, number: int, row: Mapping[str, str]) -> None:
        text = self._text(row["arch"])
        wrong = list(_wrong(row))
        if isinstance(text, CodeError):
            wrong.append(("arch", str(text)))
        elif not wrong:
            unit, factor = _UNITS[row["unit"]]
            self._keep(
                Checked(number, text, row["device"], row["metric"], float(row["value"]) * factor, unit)
            )
        for name, what in wrong:
            self._errors.add(number, name, what)

    def _keep(self, checked: Checked) -> None:
        self._file.write(json.dumps(checked).encode() + b"\n")
        self._numbers.append(checked.row)
        self._same += _digest(checked[1:4])
        self._told += _digest(checked[1:])

    def _text(self, written: str) -> str | CodeError:
        if (known := self._texts.get(written)) is None:
            if len(self._texts) >= _KEPT_TEXTS:
                self._texts.clear()
            known = self._texts[written] = _text_of(self._space, written)
        return known

    def _find_repeated(self) -> None:
        keys = np.frombuffer(bytes(self._same), "<u8").reshape(-1, 2)
        order = np.lexsort((keys[:, 0], keys[:, 1]))  # stable: equal ones stay in the file's order
        repeats = np.ones(len(keys), bool)
        repeats[:1] = False
        repeats[1:] = (keys[order[1:]] == keys[order[:-1]]).all(axis=1)
        first = np.maximum.accumulate(np.where(repeats, 0, np.arange(len(keys))))
        numbers = np.asarray(self._numbers, np.int64)[order]
        pairs = np.stack((numbers[repeats], numbers[first[repeats]]))
        self._errors.count += max(0, pairs.shape[1] - _MAX_ERRORS)
        for number, same in sorted(pairs.T.tolist())[:_MAX_ERRORS]:
            self._errors.add(number, "arch", f"the same architecture, device and metric as in row {same}")


class _Errors:
    """The first of them, and how many they are."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[tuple[int, str, str]] = []

    def add(self, number: int, name: str, what: str) -> None:
        self.count += 1
        self._first.append((number, name, what))
        if len(self._first) > 2 * _MAX_ERRORS:
            self._first = sorted(self._first)[:_MAX_ERRORS]

    def raise_if_any(self) -> None:
        if not self.count:
            return
        errors = tuple(
            FieldError(pointer=f"/{name}/{number - 1}", detail=f"row {number}: {what}")
            for number, name, what in sorted(self._first)[:_MAX_ERRORS]
        )
        more = f" (and {self.count - 1:,} more)" if self.count > 1 else ""
        raise Refusal(ProblemType.INVALID, f"nothing was imported. {errors[0].detail}{more}", errors=errors)


def _wrong(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if row["unit"] not in _UNITS:
        yield "unit", f"the unit {row['unit'][:_SHOWN]!r} is not known; there are {', '.join(_UNITS)}"
    value = _number(row["value"])
    if not math.isfinite(value) or value <= 0:
        yield "value", f"{row['value'][:_SHOWN]} is no {row['metric'][:_SHOWN]}"
    for name in ("device", "metric"):
        if not _is_printable(row[name], _LONGEST[name]):
            yield name, f"a {name} has 1 to {_LONGEST[name]} printable characters"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _text_of(space: Space, written: str) -> str | CodeError:
    if not _is_printable(written, _LONGEST["arch"]):
        return CodeError(f"an architecture has 1 to {_LONGEST['arch']} printable characters")
    try:
        return architecture_text(space, written)
    except CodeError as error:
        return error


def _is_printable(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text.isprintable()


def _digest(values: Sequence[Any]) -> bytes:
    return hashlib.blake2b(repr(tuple(values)).encode(), digest_size=_DIGEST_BYTES).digest()
