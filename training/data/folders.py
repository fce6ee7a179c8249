"""The paper's layout: a folder of photos for each of the two classes (`seed`, item 1), and no list of subjects.

Which folder is which follows from its name, from what the person says, or not at all: Keras sorts class folders by
alphabet, and "control" or "Normal" before "depressed" silently inverts every answer (`seed`, item A).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from training.data.manifest import Photo
from training.errors import FoldersUnclear, LabelsSwapped

SubFolders = Literal["source", "subject"]
PHOTO_SUFFIXES: Final = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".webp",
    ".heic",
    ".heif",
    ".bmp",
    ".gif",
    ".tif",
    ".tiff",
)
"""What looks like a photo. Some of these formats are refused later, with a code: listed, not passed over in silence."""
SAY_WHICH: Final = "say which is which: --depressed-folder NAME --not-depressed-folder NAME"
# Without "positive" and "negative": in a screening they mean the one, in pictures of moods the other (positive: happy).
_DEPRESSED: Final = {"depressed", "depression", "depressive", "mdd", "majordepression", "patient", "case"}
_NOT_DEPRESSED: Final = {
    "notdepressed", "nondepressed", "undepressed", "nodepression", "notdepression", "nondepression", "nodepressed",
    "withoutdepression", "nondepressive", "healthy", "control", "healthycontrol", "hc", "normal", "normalcontrol",
    "nonpatient", "notpatient",
}  # fmt: skip
_FILLERS: Final = {
    "the",
    "class",
    "photo",
    "image",
    "img",
    "face",
    "people",
    "person",
    "subject",
    "individual",
    "group",
    "data",
}


@dataclass(frozen=True, slots=True)
class ClassFolders:
    """The two class folders, relative to the data folder."""

    depressed: str
    not_depressed: str


def label_of_name(name: str) -> int | None:
    """1 where a folder's name plainly means the depressed, 0 where it plainly means the others, None where it is unclear.

    >>> [label_of_name(name) for name in ("Depressed", "NON-depressed", "healthy_controls", "MDD patients", "happy")]
    [1, 0, 0, 1, None]
    """
    words = [re.sub("(?<!s)s$", "", word) for word in re.split(r"[^a-z]+", name.casefold()) if word]
    words = [word for word in words if word not in _FILLERS]
    whole = "".join(words)
    if whole in _NOT_DEPRESSED or (words and all(word in _NOT_DEPRESSED for word in words)):
        return 0
    return 1 if words and all(word in _DEPRESSED for word in words) else None


def find_class_folders(data_dir: Path, depressed: str | None, not_depressed: str | None) -> ClassFolders:
    """Which folder holds which class.

    Args:
        data_dir: Holds both.
        depressed: Named by the person; None to go by the names.
        not_depressed: Likewise; given together or not at all.

    Raises:
        FoldersUnclear: the names do not say it, or a named folder is not there.
        LabelsSwapped: a named folder plainly means the other class.
    """
    if (depressed is None) != (not_depressed is None):
        message = "--depressed-folder and --not-depressed-folder go together; give both"
        raise FoldersUnclear(message)
    if depressed is not None and not_depressed is not None:
        return _check_named(data_dir, depressed, not_depressed)
    names = sorted(entry.name for entry in data_dir.iterdir() if entry.is_dir() and any(_walk(entry)))
    labels = {name: label_of_name(name) for name in names}
    found = {label: [name for name in names if labels[name] == label] for label in (0, 1, None)}
    if len(found[1]) != 1 or len(found[0]) != 1 or found[None]:
        message = (
            f"{data_dir} has no manifest.csv, and its folders with photos ({', '.join(names) or 'none'}) are not clearly one "
            f"of the depressed and one of the others; {SAY_WHICH}, or write a manifest.csv, one line per photo with path, "
            "subject_id, label"
        )
        raise FoldersUnclear(message)
    return ClassFolders(found[1][0], found[0][0])


def list_photos(data_dir: Path, folders: ClassFolders, sub_folders: SubFolders) -> tuple[Photo, ...]:
    """Every photo of the two folders, at any depth, sorted by path.

    The first folder below the class folder, where there is one, says where the photos come from (`source`), or whose they
    are (`subject`: a folder of the same name in both classes is the same subject). Without that, each photo's subject
    is its own path until near-duplicates are known (`training.data.subjects`).
    """
    photos = []
    for label, folder in ((1, folders.depressed), (0, folders.not_depressed)):
        for file in _walk(data_dir / folder):
            path = sys.intern(file.relative_to(data_dir).as_posix())
            inside = file.relative_to(data_dir / folder).parts
            group = sys.intern(inside[0]) if len(inside) > 1 else ""
            subject = group if group and sub_folders == "subject" else path
            photos.append(Photo(path, subject, label, source=group if sub_folders == "source" else ""))
    return tuple(sorted(photos, key=lambda photo: photo.path))


def _check_named(data_dir: Path, depressed: str, not_depressed: str) -> ClassFolders:
    for name in (depressed, not_depressed):
        if Path(name).is_absolute() or ".." in Path(name).parts or not (data_dir / name).is_dir():
            message = f"{data_dir} has no folder {name}; {SAY_WHICH}, both inside the data folder"
            raise FoldersUnclear(message)
    if (data_dir / depressed).resolve() == (data_dir / not_depressed).resolve():
        message = f"{depressed} is given for both classes; {SAY_WHICH}"
        raise FoldersUnclear(message)
    inner, outer = sorted((depressed, not_depressed), key=lambda name: len((data_dir / name).resolve().parts))[::-1]
    if (data_dir / inner).resolve().is_relative_to((data_dir / outer).resolve()):
        message = f"{inner} lies inside {outer}, so its photos would have both labels; {SAY_WHICH}, side by side"
        raise FoldersUnclear(message)
    if label_of_name(Path(depressed).name) == 0 or label_of_name(Path(not_depressed).name) == 1:
        message = (
            f"the class folders look swapped: {depressed} is given for the depressed and {not_depressed} for the others, but "
            "their names say the opposite; exchange the two options, or rename the folders if they are wrong"
        )
        raise LabelsSwapped(message)
    return ClassFolders(depressed, not_depressed)


def _walk(folder: Path) -> Iterator[Path]:
    """Photos by suffix; hidden files and folders (`._copy.jpg`, `.thumbnails`) are not photos of the data set."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.casefold().endswith(PHOTO_SUFFIXES) and not name.startswith("."):
                yield Path(parent, name)
