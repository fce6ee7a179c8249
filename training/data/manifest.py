"""`manifest.csv`: which photo shows which subject, and the subject's label (1 = depressed)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.errors import ManifestInvalid

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_NAME = "manifest.csv"
COLUMNS = ("path", "subject_id", "label")
"""Needed; further columns (a generator's parameters, a site's notes) are ignored."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One row: path relative to the manifest's folder, whose photo it is, and 1 where that person is depressed."""

    path: str
    subject_id: str
    label: int


def read_manifest(data_dir: Path) -> tuple[Photo, ...]:
    """Read `data_dir/manifest.csv`.

    Raises:
        ManifestInvalid: no file, a column missing, an empty field, a label outside {0, 1}, a path outside `data_dir`, a
            path listed twice, or no row at all. The message names the line.
    """
    path = data_dir / MANIFEST_NAME
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                message = f"{path} has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}"
                raise ManifestInvalid(message)
            photos = tuple(_photo(row, f"{path}, line {rows.line_num}") for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} cannot be read: {error}. Write one line per photo with {', '.join(COLUMNS)}."
        raise ManifestInvalid(message) from error
    if not photos:
        message = f"{path} lists no photo"
        raise ManifestInvalid(message)
    seen: set[str] = set()
    for photo in photos:
        if photo.path in seen:
            message = f"{path} lists {photo.path} twice; keep one line per photo"
            raise ManifestInvalid(message)
        seen.add(photo.path)
    return photos


def _photo(row: dict[str, str | None], where: str) -> Photo:
    path, subject_id, label = ((row[name] or "").strip() for name in COLUMNS)
    if not path or not subject_id:
        message = f"{where}: path and subject_id must not be empty"
        raise ManifestInvalid(message)
    if path.startswith("/") or ".." in path.split("/"):
        message = f"{where}: path {path} must lie inside the data folder"
        raise ManifestInvalid(message)
    if label not in ("0", "1"):
        message = f"{where}: label is {label!r}; it must be 0 (not depressed) or 1 (depressed)"
        raise ManifestInvalid(message)
    return Photo(path, subject_id, int(label))
