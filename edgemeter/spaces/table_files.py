"""Rows of tables that people hand in: CSV (also gzipped) or Parquet, bounded before anything is read."""

import csv
import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edgemeter.failures import EdgeMeterError

LARGEST_BYTES: Final = 64 * 2**20

Row = Mapping[str, Any]


class TableFileError(EdgeMeterError, ValueError):
    """A file that is no table. Says why."""


def table_rows(path: Path) -> list[Row]:
    """Each row by its columns' names. Raises TableFileError."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise TableFileError(f"{path.name} is larger than {LARGEST_BYTES // 2**20} MB")
        if path.suffix.lower() == ".parquet":
            return _parquet_rows(path)
        return _csv_rows(path)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise TableFileError(f"{path.name} cannot be read: {why}") from None
    except UnicodeDecodeError:
        raise TableFileError(f"{path.name} is not text") from None


def _csv_rows(path: Path) -> list[Row]:
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise TableFileError(f"{path.name} holds more than {LARGEST_BYTES // 2**20} MB")
    elif path.suffix.lower() == ".csv":
        content = path.read_bytes()
    else:
        raise TableFileError(f"{path.name} is neither .csv, .csv.gz nor .parquet")
    try:
        return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    except csv.Error as error:
        raise TableFileError(f"{path.name}: {error}") from None


def _parquet_rows(path: Path) -> list[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise TableFileError("Parquet needs pyarrow: pip install 'edgemeter[tables]' (or use .csv)") from None
    try:
        rows: list[Row] = parquet.read_table(path).to_pylist()
    except ArrowException as error:
        raise TableFileError(f"{path.name}: {error}") from None
    return rows
