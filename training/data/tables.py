"""Rows of a CSV or Parquet file as text: every value stripped, an absent one empty, a whole number without its ".0"."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from training.errors import ManifestInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CSV_SUFFIX, PARQUET_SUFFIX = ".csv", ".parquet"
HOW_TO = "Write one line per photo with path, subject_id, label."
_ROWS_AT_ONCE = 4096


def read_columns(path: Path) -> tuple[str, ...]:
    """Names of the columns, as the file has them.

    Raises:
        ManifestInvalid: the file cannot be read.
    """
    try:
        if path.suffix == PARQUET_SUFFIX:
            import pyarrow.parquet as pq  # type: ignore[import-untyped] # noqa: PLC0415 - 60 MB for a Parquet manifest alone

            return tuple(pq.read_schema(path).names)
        with path.open(newline="", encoding="utf-8-sig") as file:
            return tuple(next(csv.reader(file), []))
    except (OSError, ValueError, csv.Error) as error:
        raise _unreadable(path, error) from error


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """(Line of the file, from 1, the header counted; or row of a Parquet file, from 1) and the wanted columns, in order.

    Raises:
        ManifestInvalid: the file cannot be read to its end.
    """
    try:
        rows = _read_parquet(path, columns) if path.suffix == PARQUET_SUFFIX else _read_csv(path, columns)
        yield from rows
    except (OSError, ValueError, csv.Error) as error:
        raise _unreadable(path, error) from error


def _read_csv(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        for row in rows:
            yield rows.line_num, {name: (row[name] or "").strip() for name in columns}


def _read_parquet(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - see `read_columns`

    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE, columns=list(columns)):
            for row in batch.to_pylist():
                number += 1
                yield number, {name: _as_text(row[name]) for name in columns}


def _as_text(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN is how many programs write "absent"
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _unreadable(path: Path, error: Exception) -> ManifestInvalid:
    return ManifestInvalid(f"{path} cannot be read: {error}. {HOW_TO}")
