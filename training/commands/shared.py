"""Steps that several commands share: crops, split, and what becomes of an error."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from serving.contract.errors import ContractError
from serving.repository import RepositoryError
from training.commands.options import whole_number
from training.data.crops import describe_store, make_crops
from training.data.dataset import CROP_KINDS, SUB_FOLDERS, DataOptions, read_dataset
from training.data.manifest import check_manifest
from training.data.near_duplicates import find_near_duplicates
from training.data.split import SPLIT_NAMES, Split, digest_subjects, draw_split
from training.data.subjects import check_near_duplicates, link_subjects, name_subjects, pair_sources
from training.errors import RunInvalid, TrainingError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName


class DrawSplit(Protocol):
    """How a split is drawn: `draw_split`, or `draw_protocol_split` for the paper's own counts."""

    def __call__(self, photos: Sequence[Photo], seed: int, *, links: Mapping[str, str]) -> Split:
        """Draw it; `links` names the groups of subjects that stay together."""


FAILED = 1
INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""
NEW_SPLIT = "train into a new --out folder for a new split"


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """`--data`, `--crops`, `--processes`, and what must be said of a data set that does not say it itself."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with manifest.csv (or manifest.parquet) and its photos, or with a folder of photos for each class",
    )
    parser.add_argument("--crops", type=Path, metavar="DIR", help="where the crops are kept (default: DATA/crops)")
    parser.add_argument(
        "--processes", type=whole_number, metavar="N", help="processes making crops (default: one per core)"
    )
    parser.add_argument(
        "--crop",
        choices=CROP_KINDS,
        default="aligned",
        help="the face found and aligned (default), or the whole photo resized, as in the paper",
    )
    parser.add_argument(
        "--cutoff", type=whole_number, metavar="SCORE", help="depressed from this PHQ-8 or PHQ-9 score on, such as 10"
    )
    parser.add_argument("--depressed-folder", metavar="NAME", help="class folder of the depressed, inside DIR")
    parser.add_argument("--not-depressed-folder", metavar="NAME", help="class folder of the others, inside DIR")
    parser.add_argument(
        "--sub-folders",
        choices=SUB_FOLDERS,
        default="source",
        help="what a folder inside a class folder means: where photos come from (default), or whose they are",
    )


def data_options(arguments: argparse.Namespace) -> DataOptions:
    """What the command line says of the data set (`add_data_arguments`)."""
    return DataOptions(
        cutoff=arguments.cutoff,
        depressed_folder=arguments.depressed_folder,
        not_depressed_folder=arguments.not_depressed_folder,
        sub_folders=arguments.sub_folders,
        crop=arguments.crop,
    )


def say(sentence: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def run_safely(work: Callable[[], None]) -> int:
    """Do the work; an error of ours or of the file system becomes a sentence on the standard error stream.

    Returns:
        The exit status: 0, 1 for an error, 130 for Ctrl-C.
    """
    try:
        work()
    except (TrainingError, RepositoryError, ContractError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"{where}{error.strerror or error}. Check the path, its permissions and the space left.\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("stopped; crops and finished runs are kept\n")
        return INTERRUPTED
    return 0


def prepare_crops(
    data_dir: Path, crops: Path | None, processes: int | None, options: DataOptions | None = None
) -> tuple[tuple[Photo, ...], CropStore]:
    """Read the data set, make the crops that are not there yet, and say what was refused.

    Args:
        data_dir: Of either layout.
        crops: Where the crops go; None for beside the photos.
        processes: Making crops; None for one per core.
        options: What was said of the data set.

    Raises:
        DataError: the data set cannot be used; a manifest with a single bad row cannot.
    """
    options = options or DataOptions()
    dataset = read_dataset(data_dir, options)
    if dataset.manifest is not None:
        check_manifest(dataset.manifest)
    photos = dataset.photos
    store = make_crops(data_dir, photos, crops or options.crops_folder(data_dir), options.crop_spec, processes)
    say(describe_store(store))
    if store.refused:  # their paths are often names of people, and the log of a job travels further than the photos
        say("`python -m training inspect` lists the refused photos in bad_rows.csv, beside the photos")
    if not dataset.subjects_known:
        photos = name_subjects(
            photos, find_near_duplicates(store, [photo.path for photo in photos if photo.path in store])
        )
        subjects = len({photo.subject_id for photo in photos})
        say(f"subjects are not known; photos of the same picture count as one: {subjects} for {len(photos)} photos")
    return photos, store


def draw_or_load_split(
    photos: tuple[Photo, ...], store: CropStore, path: Path, seed: int, draw: DrawSplit = draw_split
) -> Split:
    """For a training: read the split stored at `path`, or draw and store it; photos without a crop are left out.

    Subjects that share a picture are kept on one side, and said.

    Raises:
        SplitLeaks: the stored split has a subject twice, or one picture in two splits.
        SplitImpossible: too few subjects.
        RunInvalid: the stored split is of another seed, another data set, or an earlier release that noted neither.
    """
    with_crop = _with_crop(photos, store)
    pairs = _find_near_duplicates(photos, store)
    if not path.exists():
        links = link_subjects(with_crop, pairs)
        if links:
            say(f"{len(links)} subjects share pictures with others and are kept in one split with them; see `inspect`")
        sources = pair_sources(with_crop)
        if sources:
            say("subjects are not known: all photos of a source are kept in one split")
            links = link_subjects(with_crop, [*pairs, *sources])
        split = draw(with_crop, seed, links=links)
        check_near_duplicates(split, with_crop, pairs)
        split.save(path)
        return split
    split = Split.load(path)
    if split.data_digest is None:
        message = f"{path} does not say which data it was drawn from (an earlier release wrote it); {NEW_SPLIT}"
        raise RunInvalid(message)
    if split.seed != seed:
        message = f"{path} was drawn with --seed {split.seed}, not {seed}; give that seed, or {NEW_SPLIT}"
        raise RunInvalid(message)
    _check_same_data(split, with_crop, path)
    check_near_duplicates(split, with_crop, pairs)
    return split


def load_split(photos: tuple[Photo, ...], store: CropStore, path: Path) -> Split:
    """Of a finished run.

    Raises:
        SplitLeaks: it has a subject twice, or one picture in two splits.
        RunInvalid: missing, or drawn from other data.
    """
    split = Split.load(path)
    if split.data_digest is not None:
        _check_same_data(split, _with_crop(photos, store), path)
    check_near_duplicates(split, _with_crop(photos, store), _find_near_duplicates(photos, store))
    return split


def divide_photos(photos: tuple[Photo, ...], store: CropStore, split: Split) -> dict[SplitName, tuple[Photo, ...]]:
    """The photos with a crop, by split; says how many."""
    with_crop = _with_crop(photos, store)
    parts = {name: split.photos(with_crop, name) for name in SPLIT_NAMES}
    counts = ", ".join(f"{name} {len(part)} of {len(split.subjects[name])} subjects" for name, part in parts.items())
    left_out = f"; left out: {len(split.left_out)}" if split.left_out else ""
    say(f"photos: {counts}{left_out}")
    return parts


def _with_crop(photos: tuple[Photo, ...], store: CropStore) -> tuple[Photo, ...]:
    return tuple(photo for photo in photos if photo.path in store)


def _find_near_duplicates(photos: tuple[Photo, ...], store: CropStore) -> list[tuple[str, str]]:
    return find_near_duplicates(store, [photo.path for photo in _with_crop(photos, store)])


def _check_same_data(split: Split, photos: tuple[Photo, ...], path: Path) -> None:
    if split.data_digest != digest_subjects(photos):
        message = (
            f"{path} was drawn from other subjects or labels than the data set has now, so subjects would be left out "
            f"or change their label; restore the data set, or {NEW_SPLIT}"
        )
        raise RunInvalid(message)
