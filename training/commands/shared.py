"""Steps that several commands share: crops, split, and what becomes of an error."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from serving.contract.errors import ContractError
from serving.repository import RepositoryError
from training.commands.options import whole_number
from training.data.crops import crops_folder, describe_store, make_crops
from training.data.manifest import read_manifest
from training.data.split import SPLIT_NAMES, Split, digest_subjects, draw_split
from training.errors import RunInvalid, TrainingError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName

FAILED = 1
INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""
NEW_SPLIT = "train into a new --out folder for a new split"


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """`--data`, `--crops` and `--processes`."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder with manifest.csv and its photos"
    )
    parser.add_argument("--crops", type=Path, metavar="DIR", help="where the crops are kept (default: DATA/crops)")
    parser.add_argument(
        "--processes", type=whole_number, metavar="N", help="processes making crops (default: one per core)"
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


def prepare_crops(data_dir: Path, crops: Path | None, processes: int | None) -> tuple[tuple[Photo, ...], CropStore]:
    """Read the manifest, make the crops that are not there yet, and say what was refused."""
    photos = read_manifest(data_dir)
    store = make_crops(data_dir, photos, crops or crops_folder(data_dir), None, processes)
    say(describe_store(store))
    for path, code in store.refused.items():
        say(f"  refused: {path} ({code})")
    return photos, store


def draw_or_load_split(photos: tuple[Photo, ...], store: CropStore, path: Path, seed: int) -> Split:
    """For a training: read the split stored at `path`, or draw and store it; photos without a crop are left out.

    Raises:
        SplitLeaks: the stored split has a subject twice.
        SplitImpossible: too few subjects.
        RunInvalid: the stored split is of another seed, another data set, or an earlier release that noted neither.
    """
    with_crop = _with_crop(photos, store)
    if not path.exists():
        split = draw_split(with_crop, seed)
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
    return split


def load_split(photos: tuple[Photo, ...], store: CropStore, path: Path) -> Split:
    """Of a finished run.

    Raises:
        SplitLeaks: it has a subject twice.
        RunInvalid: missing, or drawn from other data.
    """
    split = Split.load(path)
    if split.data_digest is not None:
        _check_same_data(split, _with_crop(photos, store), path)
    return split


def divide_photos(photos: tuple[Photo, ...], store: CropStore, split: Split) -> dict[SplitName, tuple[Photo, ...]]:
    """The photos with a crop, by split; says how many."""
    with_crop = _with_crop(photos, store)
    parts = {name: split.photos(with_crop, name) for name in SPLIT_NAMES}
    counts = ", ".join(f"{name} {len(part)} of {len(split.subjects[name])} subjects" for name, part in parts.items())
    say(f"photos: {counts}")
    return parts


def _with_crop(photos: tuple[Photo, ...], store: CropStore) -> tuple[Photo, ...]:
    return tuple(photo for photo in photos if photo.path in store)


def _check_same_data(split: Split, photos: tuple[Photo, ...], path: Path) -> None:
    if split.data_digest != digest_subjects(photos):
        message = (
            f"{path} was drawn from other subjects or labels than the data set has now, so subjects would be left out "
            f"or change their label; restore the data set, or {NEW_SPLIT}"
        )
        raise RunInvalid(message)
