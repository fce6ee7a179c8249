"""One way to read a data set, whatever its layout: a manifest where there is one, else the paper's two folders."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from serving.contract.model import CropSpec
from training.data.folders import SubFolders, find_class_folders, list_photos
from training.data.manifest import Manifest, Photo, find_manifest, parse_manifest
from training.errors import DataError, RunInvalid

CropKind = Literal["aligned", "whole"]
SUB_FOLDERS: Final[tuple[SubFolders, ...]] = ("source", "subject")
CROP_KINDS: Final[tuple[CropKind, ...]] = ("aligned", "whole")


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What a person said about a data set; `run.json` keeps it, so that a run's data can be read again.

    Attributes:
        cutoff: PHQ score from which on a person counts as depressed.
        depressed_folder: Of the two-folder layout; None to go by the names.
        not_depressed_folder: Likewise.
        sub_folders: What a folder inside a class folder means: where the photos come from, or whose they are.
        crop: The face found and aligned, or the whole photo as in the paper.
    """

    cutoff: int | None = None
    depressed_folder: str | None = None
    not_depressed_folder: str | None = None
    sub_folders: SubFolders = "source"
    crop: CropKind = "aligned"

    @property
    def crop_spec(self) -> CropSpec:
        """The crop to make."""
        return CropSpec(kind=self.crop)

    def crops_folder(self, data_dir: Path) -> Path:
        """Where crops lie when nothing else is said: beside the photos, under the same access rules, a folder per kind."""
        return data_dir / ("crops" if self.crop == "aligned" else f"crops-{self.crop}")

    def as_dict(self) -> dict[str, Any]:
        """For `run.json`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> DataOptions:
        """Read what `as_dict` gave; what is missing has its default (a run of an earlier release).

        Raises:
            RunInvalid: an entry that this release does not know.
        """
        try:
            return cls(**content)
        except TypeError as error:
            message = f"the run's data options cannot be used ({error}); train into a new folder"
            raise RunInvalid(message) from error


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a data folder lists.

    Attributes:
        photos: Rows that can be used.
        subjects_known: False where `subject_id` is only the photo's path, until `training.data.subjects` names them.
        manifest: The rows that cannot be used, too; None for the two-folder layout.
    """

    photos: tuple[Photo, ...]
    subjects_known: bool
    manifest: Manifest | None


def are_subjects_known(data_dir: Path, options: DataOptions) -> bool:
    """Whether the data set says whose photos these are; else only copies of one picture count as one subject."""
    return find_manifest(data_dir) is not None or options.sub_folders == "subject"


def read_dataset(data_dir: Path, options: DataOptions) -> Dataset:
    """Read what a data folder lists; bad rows of a manifest are kept apart, for the caller to refuse or to report.

    Raises:
        ManifestInvalid: the manifest as a whole cannot be used.
        FoldersUnclear: there is no manifest, and the class folders are not plain.
        LabelsSwapped: a named folder plainly means the other class.
        DataError: the folder does not exist, or options for folders are given for a manifest.
    """
    if not data_dir.is_dir():
        message = f"{data_dir} is not a folder; give one with a manifest.csv and its photos, or with two class folders"
        raise DataError(message)
    path = find_manifest(data_dir)
    if path is not None:
        if options.depressed_folder or options.not_depressed_folder:
            message = (
                f"{path} says which photo is of which class; leave --depressed-folder and --not-depressed-folder out"
            )
            raise DataError(message)
        manifest = parse_manifest(path, options.cutoff)
        return Dataset(manifest.photos, subjects_known=are_subjects_known(data_dir, options), manifest=manifest)
    if options.cutoff is not None:
        message = f"--cutoff is given, but {data_dir} has no manifest with a PHQ score; leave it out"
        raise DataError(message)
    folders = find_class_folders(data_dir, options.depressed_folder, options.not_depressed_folder)
    photos = list_photos(data_dir, folders, options.sub_folders)
    if not photos:
        message = f"{data_dir / folders.depressed} and {data_dir / folders.not_depressed} hold no photo"
        raise DataError(message)
    return Dataset(photos, subjects_known=are_subjects_known(data_dir, options), manifest=None)
