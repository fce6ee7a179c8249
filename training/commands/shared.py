"""Options and steps that several commands share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training.crops import crops_folder, describe_store, make_crops
from training.errors import TrainingError
from training.manifest import read_manifest
from training.split import SPLIT_NAMES, Split, draw_split

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from training.manifest import Photo
    from training.shards import CropStore
    from training.split import SplitName

FAILED = 1


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """`--data`, `--crops` and `--processes`."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder with manifest.csv and its photos"
    )
    parser.add_argument("--crops", type=Path, metavar="DIR", help="where the crops are kept (default: DATA/crops)")
    parser.add_argument("--processes", type=int, metavar="N", help="processes making crops (default: one per core)")


def say(sentence: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def run_safely(work: Callable[[], None]) -> int:
    """Do the work; a `TrainingError` becomes its sentence on the standard error stream and exit status 1."""
    try:
        work()
    except TrainingError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


def prepare_crops(data_dir: Path, crops: Path | None, processes: int | None) -> tuple[tuple[Photo, ...], CropStore]:
    """Read the manifest, make the crops that are not there yet, and say what was refused."""
    photos = read_manifest(data_dir)
    store = make_crops(data_dir, photos, crops or crops_folder(data_dir), None, processes)
    say(describe_store(store))
    for path, code in store.refused.items():
        say(f"  refused: {path} ({code})")
    return photos, store


def split_photos(
    photos: tuple[Photo, ...], store: CropStore, path: Path, seed: int
) -> tuple[Split, dict[SplitName, tuple[Photo, ...]]]:
    """Read the split stored at `path`, or draw and store it; photos without a crop are left out.

    Raises:
        SplitLeaks: the stored split has a subject twice.
        SplitImpossible: too few subjects.
    """
    with_crop = tuple(photo for photo in photos if photo.path in store)
    if path.exists():
        split = Split.load(path)
    else:
        split = draw_split(with_crop, seed)
        split.save(path)
    parts = {name: split.photos(with_crop, name) for name in SPLIT_NAMES}
    counts = ", ".join(f"{name} {len(part)} of {len(split.subjects[name])} subjects" for name, part in parts.items())
    say(f"photos: {counts}")
    return split, parts
