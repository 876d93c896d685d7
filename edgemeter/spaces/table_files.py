"""Rows of tables that people hand in: CSV (also gzipped) or Parquet, one by one, in bounded memory."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO

from edgemeter.failures import EdgeMeterError

LARGEST_BYTES: Final = 512 * 2**20
#: In characters. An architecture's text has at most 2,000.
LONGEST_LINE: Final = 2**16
_AT_ONCE: Final = 10_000

Row = Mapping[str, Any]


class TableFileError(EdgeMeterError, ValueError):
    """A file that is no table. Says why."""


def table_rows(path: Path) -> Iterator[Row]:
    """Each row by its columns' names. Raises TableFileError, at the row where it cannot go on."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise TableFileError(f"{path.name} is larger than {LARGEST_BYTES // 2**20} MB")
        yield from _parquet_rows(path) if path.suffix.lower() == ".parquet" else _csv_rows(path)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise TableFileError(f"{path.name} cannot be read: {why}") from None
    except UnicodeDecodeError:
        raise TableFileError(f"{path.name} is not text") from None
    except csv.Error as error:
        raise TableFileError(f"{path.name}: {error}") from None


def bounded_lines(file: TextIO) -> Iterator[str]:
    """The lines of a CSV file. Raises csv.Error where a line, or all of them, are longer than a table's."""
    read = 0
    while line := file.readline(LONGEST_LINE):
        read += len(line)
        if len(line) == LONGEST_LINE:
            raise csv.Error(f"a line has {LONGEST_LINE:,} characters or more")
        if read > LARGEST_BYTES:
            raise csv.Error(f"it holds more than {LARGEST_BYTES // 2**20} MB")
        yield line


def _csv_rows(path: Path) -> Iterator[Row]:
    with _opened(path) as file:
        yield from csv.DictReader(bounded_lines(file))


def _opened(path: Path) -> TextIO:
    match path.suffix.lower():
        case ".gz":
            return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        case ".csv":
            return path.open(encoding="utf-8-sig", newline="")
    raise TableFileError(f"{path.name} is neither .csv, .csv.gz nor .parquet")


def _parquet_rows(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise TableFileError("Parquet needs pyarrow: pip install 'edgemeter[tables]' (or use .csv)") from None
    try:
        for batch in parquet.ParquetFile(path).iter_batches(_AT_ONCE):
            yield from batch.to_pylist()
    except ArrowException as error:
        raise TableFileError(f"{path.name}: {error}") from None
