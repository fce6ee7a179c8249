"""`manifest.csv` or `manifest.parquet`: which photo shows which subject, and that subject's label (1 = depressed).

Needed: path (relative to the manifest), subject_id, and label or a PHQ score (phq8 or phq9). Read where present:
`GROUP_COLUMNS`. Further columns (a generator's parameters, a site's notes) are ignored. Capitals, spaces, - and _ in
column names make no difference.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from training.data.labels import LARGEST_SCORE, USUAL_CUTOFF, Judged, judge_label
from training.data.tables import CSV_SUFFIX, HOW_TO, PARQUET_SUFFIX, read_columns, read_rows
from training.errors import LabelsSwapped, ManifestInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MANIFEST_NAMES: Final = ("manifest" + CSV_SUFFIX, "manifest" + PARQUET_SUFFIX)
NEEDED: Final = ("path", "subject_id")
GROUP_COLUMNS: Final = ("site", "source", "device", "sex", "age_band", "skin_tone")
"""Where a photo comes from and who is on it: for subgroup figures, and to find a data set that one of them gives away."""
_SHOWN = 10
_SWAPPED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Photo:
    """One row: path relative to the data folder, whose photo it is, and 1 where that person is depressed.

    `score` is the PHQ score where the manifest has one; the further fields are empty where it does not say.
    """

    path: str
    subject_id: str
    label: int
    score: int | None = None
    site: str = ""
    source: str = ""
    device: str = ""
    sex: str = ""
    age_band: str = ""
    skin_tone: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, or that contradicts itself: its line in the manifest, and why."""

    line: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest holds: every row is in `photos` or in `bad_rows`.

    `contradictions` are rows whose label and score disagree. They are bad rows too where the cut-off was stated; where
    it was not, the usual one may not be the study's, so their photos are kept with the label.
    """

    path: Path
    photos: tuple[Photo, ...]
    bad_rows: tuple[BadRow, ...]
    contradictions: tuple[BadRow, ...]
    scored_rows: int
    """Rows with both a label and a score."""

    @property
    def looks_swapped(self) -> bool:
        """Whether most rows with a label and a score contradict themselves."""
        return len(self.contradictions) > _SWAPPED_SHARE * self.scored_rows

    @property
    def swapped_sentence(self) -> str:
        """What to say where `looks_swapped`."""
        return (
            f"{self.path}: label and score disagree in {len(self.contradictions)} of {self.scored_rows} rows, so the "
            f"labels look swapped (1 must mean depressed); correct the label column. {_list(self.contradictions)}"
        )


def find_manifest(data_dir: Path) -> Path | None:
    """The manifest of a data folder; None where it has none.

    Raises:
        ManifestInvalid: it has two.
    """
    found = [data_dir / name for name in MANIFEST_NAMES if (data_dir / name).exists()]
    if len(found) > 1:
        message = f"{data_dir} has both {' and '.join(MANIFEST_NAMES)}; keep the one that is meant"
        raise ManifestInvalid(message)
    return found[0] if found else None


def read_manifest(data_dir: Path, cutoff: int | None = None) -> tuple[Photo, ...]:
    """Read the manifest of `data_dir` for training: nothing in it may be wrong.

    Raises:
        ManifestInvalid: no file, a column missing, an empty field, a label or score outside its range, a path outside
            `data_dir` or listed twice, or no row at all. The message counts the bad rows and names the first lines.
        LabelsSwapped: label and score disagree in most rows.
    """
    path = find_manifest(data_dir)
    if path is None:
        message = f"{data_dir} has no {MANIFEST_NAMES[0]} that can be read. {HOW_TO}"
        raise ManifestInvalid(message)
    manifest = parse_manifest(path, cutoff)
    check_manifest(manifest)
    return manifest.photos


def check_manifest(manifest: Manifest) -> None:
    """Refuse a manifest in which something is wrong.

    Raises:
        ManifestInvalid: a row is bad; the message counts all of them and names the first.
        LabelsSwapped: label and score disagree in most rows.
    """
    if manifest.looks_swapped:
        raise LabelsSwapped(manifest.swapped_sentence)
    if manifest.bad_rows:
        some = f"{len(manifest.bad_rows)} bad row(s) in {manifest.path}. " if len(manifest.bad_rows) > 1 else ""
        more = " `python -m training inspect` lists all of them." if len(manifest.bad_rows) > _SHOWN else ""
        message = f"{some}{manifest.path}, {_list(manifest.bad_rows)}{more}"
        raise ManifestInvalid(message)


def parse_manifest(path: Path, cutoff: int | None = None) -> Manifest:
    """Read every row, good or bad.

    Raises:
        ManifestInvalid: the file cannot be read, a column is missing, no cut-off is given for a manifest that has only
            scores, or there is no row.
    """
    columns = _match_columns(path)
    scale = _find_scale(path, columns, cutoff)
    photos: list[Photo] = []
    bad: list[BadRow] = []
    contradictions: list[BadRow] = []
    seen: set[str] = set()
    both = lines = 0
    wanted = {name: columns[name] for name in (*NEEDED, "label", *LARGEST_SCORE, *GROUP_COLUMNS) if name in columns}
    for line, found in read_rows(path, tuple(wanted.values())):
        lines += 1
        row = {name: found[column] for name, column in wanted.items()}
        judged = judge_label(row, scale, cutoff)
        fault = _find_fault(row, seen) or judged.fault
        both += bool(row.get("label")) and judged.score is not None
        if judged.contradiction:
            contradictions.append(BadRow(line, row["path"], judged.contradiction))
            if cutoff is not None:
                fault = fault or judged.contradiction
        seen.add(row["path"])
        if fault:
            bad.append(BadRow(line, row["path"], fault))
        else:
            photos.append(_photo(row, judged))
    if not lines:
        message = f"{path} lists no photo"
        raise ManifestInvalid(message)
    return Manifest(path, tuple(photos), tuple(bad), tuple(contradictions), both)


def _match_columns(path: Path) -> dict[str, str]:
    """Our name of each column -> the file's."""
    known = {_plain(name): name for name in (*NEEDED, "label", *LARGEST_SCORE, *GROUP_COLUMNS)}
    columns: dict[str, str] = {}
    for column in read_columns(path):
        name = known.get(_plain(column))
        if name in columns:
            message = f"{path} has the column {name} twice; keep one"
            raise ManifestInvalid(message)
        if name is not None:
            columns[name] = column
    missing = [name for name in NEEDED if name not in columns]
    if not {"label", *LARGEST_SCORE} & set(columns):
        missing.append("label (or phq8 or phq9)")
    if missing:
        message = f"{path} has no column {', '.join(missing)}; it needs path, subject_id and label, phq8 or phq9"
        raise ManifestInvalid(message)
    return columns


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _find_scale(path: Path, columns: dict[str, str], cutoff: int | None) -> str | None:
    scales = [name for name in LARGEST_SCORE if name in columns]
    if len(scales) > 1:
        message = f"{path} has both {' and '.join(scales)}; keep the one that the labels follow from"
        raise ManifestInvalid(message)
    if not scales:
        if cutoff is not None:
            message = f"--cutoff is given, but {path} has neither phq8 nor phq9; leave it out"
            raise ManifestInvalid(message)
        return None
    scale = scales[0]
    if cutoff is None and "label" not in columns:
        message = (
            f"{path} has {scale} and no label; say from which score on it means depressed: --cutoff {USUAL_CUTOFF}"
        )
        raise ManifestInvalid(message)
    if cutoff is not None and not 1 <= cutoff <= LARGEST_SCORE[scale]:
        message = f"--cutoff {cutoff} is outside {scale}, which runs from 0 to {LARGEST_SCORE[scale]}"
        raise ManifestInvalid(message)
    return scale


def _find_fault(row: dict[str, str], seen: set[str]) -> str:
    path = row["path"]
    if not path or not row["subject_id"]:
        return "path and subject_id must not be empty"
    if path.startswith("/") or ".." in path.split("/"):
        return f"path {path} must lie inside the data folder"
    if path in seen:
        return f"it lists {path} twice; keep one line per photo"
    return ""


def _photo(row: dict[str, str], judged: Judged) -> Photo:
    groups = {name: sys.intern(row[name]) for name in GROUP_COLUMNS if name in row}
    return Photo(sys.intern(row["path"]), sys.intern(row["subject_id"]), judged.label or 0, judged.score, **groups)


def _list(rows: Sequence[BadRow]) -> str:
    shown = "; ".join(f"line {row.line}: {row.reason}" for row in rows[:_SHOWN])
    return shown + (f"; and {len(rows) - _SHOWN} more." if len(rows) > _SHOWN else "")
