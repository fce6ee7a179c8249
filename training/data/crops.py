"""Photos -> crops, once, through `serving.contract.crop.make_crop`: the function that the gateway calls too.

Shards that are complete and were made from the same photos with the same
crop specification are kept, so an interrupted run continues. No TensorFlow here.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import os
import stat
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from serving.contract.crop import make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from serving.contract.quality import Quality
from training.data.shards import CropStore, Shard, read_shard, refusal_counts, write_shard
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.data.manifest import Photo

SHOWN = 10
PHOTOS_PER_SHARD = 128
"""6 MB of 128x128 crops: a second or so of work, so that a kill loses little and the progress bar moves."""


def make_crops(
    data_dir: Path,
    photos: Sequence[Photo],
    folder: Path,
    spec: CropSpec | None = None,
    processes: int | None = None,
    *,
    quiet: bool = False,
) -> CropStore:
    """Make all crops that are not there yet.

    Args:
        data_dir: The manifest's folder; `photos` have paths relative to it.
        photos: The manifest's rows.
        folder: Where the shards go.
        spec: The crop to make; the contract's default where None.
        processes: Worker processes; one per core where None.
        quiet: No progress bar.

    Raises:
        DataError: a process was ended from outside, or files of photos cannot be read; the first ten are named. (A photo that can be read but gives no crop is listed as refused.)
    """
    spec = spec or CropSpec()
    folder.mkdir(parents=True, exist_ok=True)
    missing = find_missing(data_dir, photos)
    if missing:
        raise _missing(missing)
    paths = [photo.path for photo in photos]
    batches = [tuple(paths[start : start + PHOTOS_PER_SHARD]) for start in range(0, len(paths), PHOTOS_PER_SHARD)]
    keys = [_key(data_dir, batch, spec) for batch in batches]
    to_do = []
    for number, key in enumerate(keys):
        shard = read_shard(folder, number)
        if shard is None or shard.key != key:
            to_do.append(number)
    kept = sum(len(batch) for number, batch in enumerate(batches) if number not in to_do)
    # Spawned, not forked: the parent may run TensorFlow's threads, which do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with (
        tqdm(total=len(paths), initial=kept, desc="crops", unit="photo", disable=True if quiet else None) as progress,
        ProcessPoolExecutor(min(processes or os.cpu_count() or 1, max(1, len(to_do))), context) as pool,
    ):
        futures = [pool.submit(_make_shard, data_dir, batches[n], folder, n, key=keys[n], spec=spec) for n in to_do]
        try:
            for future in as_completed(futures):
                progress.update(future.result())
        except BrokenProcessPool as error:
            message = (
                "a process that makes crops was ended from outside, most often for lack of memory; finished crops are kept: "
                "give the same command again, with fewer --processes"
            )
            raise DataError(message) from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return CropStore(folder, len(batches))


def find_missing(data_dir: Path, photos: Sequence[Photo]) -> dict[str, str]:
    """Path of each photo whose file is not there or is none that can be opened -> why; no file is read."""
    missing: dict[str, str] = {}
    for photo in photos:
        path = data_dir / photo.path
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                missing[photo.path] = "it is not a file"
            elif not os.access(path, os.R_OK):
                missing[photo.path] = "it may not be read"
        except OSError as error:
            missing[photo.path] = error.strerror or str(error)
    return missing


def describe_store(store: CropStore) -> str:
    """One line: crops made, photos refused by code."""
    counts = ", ".join(f"{code} {count}" for code, count in refusal_counts(store.refused).items())
    return f"crops: {len(store)} made, {len(store.refused)} refused" + (f" ({counts})" if counts else "")


def _key(data_dir: Path, paths: Sequence[str], spec: CropSpec) -> str:
    """Changes when a photo file or the crop specification changes; reading file sizes and times is enough and fast."""
    stats = [(data_dir / path).stat() for path in paths]
    files = [(path, status.st_size, status.st_mtime_ns) for path, status in zip(paths, stats, strict=True)]
    content = json.dumps([dataclasses.asdict(spec), files], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _make_shard(  # in a worker process
    data_dir: Path, paths: Sequence[str], folder: Path, number: int, *, key: str, spec: CropSpec
) -> int:
    crops: list[np.ndarray] = []
    made: list[str] = []
    refused: dict[str, str] = {}
    quality: dict[str, list[float]] = {field.name: [] for field in dataclasses.fields(Quality)}
    for path in paths:
        try:
            prepared = make_crop(_read_photo(data_dir / path), spec, _detector())
        except PhotoError as error:
            refused[path] = error.code
        else:
            crops.append(prepared.crop)
            made.append(path)
            for name, value in prepared.quality.as_dict().items():
                quality[name].append(value)
    array = np.stack(crops) if crops else np.empty((0, spec.size, spec.size, 3), np.uint8)
    measures = {name: tuple(values) for name, values in quality.items()}
    write_shard(folder, number, Shard(key, tuple(made), refused, measures), array)
    return len(paths)


def _missing(missing: Mapping[str, str]) -> DataError:
    shown = "; ".join(f"{path}: {reason}" for path, reason in list(missing.items())[:SHOWN])
    more = f"; and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return DataError(
        f"{len(missing)} photo(s) cannot be read: {shown}{more}. Correct the manifest or restore the files."
    )


def _read_photo(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _missing({str(path): error.strerror or str(error)}) from error


@cache
def _detector() -> FaceDetector:
    """One per worker process; not thread-safe."""
    return FaceDetector()
