"""Crops on disk: fixed-size shards of uint8 arrays that are read by position, and what happened to each photo.

    shard-00000.npy         uint8 [k, size, size, 3], the crops that were made, in the manifest's order
    shard-00000.small.npy   uint8 [k, 32, 32], the same, grey and small: near-duplicates are compared on them
    shard-00000.json        key, path, quality and perceptual hash of each crop, refused photos with their code; written
                            last, so it means "complete"

A training set larger than memory stays on disk: only the crops of the current batch are read, by `preadv` into the batch
itself. Memory maps would do without the copy, but their pages count as the process's own, so that its peak memory would
grow with the data set until it is all there (issue 3, bar 6).

Shards are read anew for every batch, so a store notices when another command has written them again since it was opened: its
positions would then be those of other photos.
"""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from training.data.hashing import GREY_SIDE, hash_greys, shrink_crops
from training.errors import CropsIncomplete

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SHARD_SCHEMA = "symmetra.crops/2"
_HEADER_BYTES = 128
"""Of a stored array: NumPy pads it to a multiple of 64, and ours need between 65 and 128. Parsing it costs more than a read."""
AGAIN = "run `python -m training crops` again"


@dataclass(frozen=True, slots=True)
class Shard:
    """One complete shard: `key` names the photos and the crop specification it was made from."""

    key: str
    paths: tuple[str, ...]
    refused: dict[str, str]
    """Photo path -> stable code of the reason (`serving.contract.errors`)."""
    quality: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Name of a measure (`serving.contract.quality.Quality`) -> its value for each crop."""
    hashes: tuple[int, ...] = ()
    """Perceptual hash of each crop (`training.data.hashing`); `write_shard` computes it."""


def write_shard(folder: Path, number: int, shard: Shard, crops: NDArray[np.uint8]) -> None:
    """Write one shard; a kill at any moment leaves either no description or a complete shard."""
    greys = shrink_crops(crops)
    description_path = _description_path(folder, number)
    description_path.unlink(missing_ok=True)
    _replace(_crops_path(folder, number), lambda temporary: _save_array(temporary, crops))
    _replace(_greys_path(folder, number), lambda temporary: _save_array(temporary, greys))
    content = {
        "schema": SHARD_SCHEMA,
        "key": shard.key,
        "paths": shard.paths,
        "refused": shard.refused,
        "quality": shard.quality,
        "hashes": hash_greys(greys).tolist(),
    }
    _replace(description_path, lambda temporary: temporary.write_text(json.dumps(content), encoding="utf-8"))


def read_shard(folder: Path, number: int) -> Shard | None:
    """The description of a complete shard, or None where there is none (or one of another schema)."""
    try:
        content = json.loads(_description_path(folder, number).read_text(encoding="utf-8"))
        if content["schema"] != SHARD_SCHEMA:
            return None
        # Interned: the manifest's rows name the same paths, and two copies of each would be most of a store's memory.
        paths = tuple(sys.intern(path) for path in content["paths"])
        quality = {name: tuple(values) for name, values in content["quality"].items()}
        return Shard(content["key"], paths, dict(content["refused"]), quality, tuple(content["hashes"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


class CropStore:
    """Crops of a data set by photo path, read from complete shards.

    Args:
        folder: Where the shards lie.
        shard_count: How many there must be.

    Raises:
        CropsIncomplete: a shard is missing.
    """

    def __init__(self, folder: Path, shard_count: int) -> None:
        self.refused: dict[str, str] = {}
        self._folder = folder
        self._place: dict[str, int] = {}
        self._keys: list[str] = []
        self._written: dict[Path, tuple[int, ...]] = {}
        starts, hashes = [0], []
        for number in range(shard_count):
            # Before the description: where both are written in between, the arrays are found to be others when read.
            arrays = {path: _identify(path) for path in (_crops_path(folder, number), _greys_path(folder, number))}
            shard = read_shard(folder, number)
            if shard is None:
                message = f"{folder} lacks shard {number} of {shard_count}; {AGAIN}"
                raise CropsIncomplete(message)
            self._place.update({path: starts[-1] + position for position, path in enumerate(shard.paths)})
            self.refused.update(shard.refused)
            self._keys.append(shard.key)
            self._written.update(arrays)
            starts.append(starts[-1] + len(shard.paths))
            hashes.append(np.array(shard.hashes, np.uint64))
        self._starts = np.array(starts[:-1])
        self._hashes = np.concatenate(hashes) if hashes else np.empty(0, np.uint64)
        self._crop_shape = _read_shape(_crops_path(folder, 0))[1:]

    def __contains__(self, path: object) -> bool:
        """Whether a crop was made from this photo."""
        return path in self._place

    def __len__(self) -> int:
        """How many crops there are."""
        return len(self._place)

    @property
    def crop_size(self) -> int:
        """Height and width of a crop, in pixels."""
        return self._crop_shape[0]

    def read(self, paths: Sequence[str]) -> NDArray[np.uint8]:
        """The crops of these photos, uint8 [len(paths), size, size, 3]: the bytes that `make_crop` gave.

        Raises:
            CropsIncomplete: no crop was made from one of them, or a shard has lost its end or was written again since.
        """
        return self._read(paths, _crops_path, self._crop_shape)

    def batches(self, paths: Sequence[str], batch_size: int) -> Iterator[NDArray[np.uint8]]:
        """The same, a batch after another, the last one perhaps smaller: for data sets larger than memory."""
        for start in range(0, len(paths), batch_size):
            yield self.read(paths[start : start + batch_size])

    def greys(self, paths: Sequence[str]) -> NDArray[np.uint8]:
        """The crops of these photos, grey and small, uint8 [len(paths), 32, 32].

        Raises:
            CropsIncomplete: as `read`.
        """
        return self._read(paths, _greys_path, (GREY_SIDE, GREY_SIDE))

    def hashes(self, paths: Sequence[str]) -> NDArray[np.uint64]:
        """The perceptual hash of each crop, uint64 [len(paths)].

        Raises:
            CropsIncomplete: no crop was made from one of them.
        """
        return self._hashes[self._find(paths)]

    def quality(self, paths: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """What `make_crop` measured on each photo: name of the measure -> float64 [len(paths)].

        Raises:
            CropsIncomplete: no crop was made from one of them, or its shard holds no measures.
        """
        places = self._find(paths)
        measures: dict[str, NDArray[np.float64]] = {}
        for number, chosen in self._by_shard(places):
            shard = read_shard(self._folder, number)
            if shard is None or not shard.quality:
                message = f"{self._folder}, shard {number}, holds no quality measures; {AGAIN}"
                raise CropsIncomplete(message)
            if shard.key != self._keys[number]:
                raise _written_again(self._folder, number)
            for name, values in shard.quality.items():
                column = measures.setdefault(name, np.full(len(places), np.nan))
                column[chosen] = np.array(values)[places[chosen] - self._starts[number]]
        return measures

    def _find(self, paths: Sequence[str]) -> NDArray[np.int64]:
        try:
            return np.array([self._place[path] for path in paths], np.int64)
        except KeyError as error:
            message = f"there is no crop of photo {error.args[0]}; {AGAIN}"
            raise CropsIncomplete(message) from error

    def _by_shard(self, places: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Each shard that is needed, and which of `places` lie in it."""
        numbers = np.searchsorted(self._starts, places, side="right") - 1
        order = np.argsort(numbers, kind="stable")
        found, first = np.unique(numbers[order], return_index=True)
        for number, chosen in zip(found, np.split(order, first[1:]), strict=False):
            yield int(number), chosen

    def _read(
        self, paths: Sequence[str], path_of: Callable[[Path, int], Path], shape: tuple[int, ...]
    ) -> NDArray[np.uint8]:
        places = self._find(paths)
        items = np.empty((len(places), *shape), np.uint8)
        item_bytes = math.prod(shape)
        for number, chosen in self._by_shard(places):
            array_path = path_of(self._folder, number)
            with array_path.open("rb", buffering=0) as file:
                if _identify(file.fileno()) != self._written[array_path]:
                    raise _written_again(self._folder, number)
                for item in chosen:
                    position = int(places[item] - self._starts[number])
                    if os.preadv(file.fileno(), [items[item]], _HEADER_BYTES + position * item_bytes) != item_bytes:
                        message = f"{array_path} has lost its end; remove it and {AGAIN}"
                        raise CropsIncomplete(message)
        return items


def refusal_counts(refused: Mapping[str, str]) -> dict[str, int]:
    """How many photos were refused, by code, most frequent first."""
    codes = list(refused.values())
    return {code: codes.count(code) for code in sorted(set(codes), key=lambda code: (-codes.count(code), code))}


def _description_path(folder: Path, number: int) -> Path:
    return folder / f"shard-{number:05d}.json"


def _crops_path(folder: Path, number: int) -> Path:
    return folder / f"shard-{number:05d}.npy"


def _greys_path(folder: Path, number: int) -> Path:
    return folder / f"shard-{number:05d}.small.npy"


def _identify(file: Path | int) -> tuple[int, ...]:
    """What differs between a file and the one that replaces it; of a file that is not there: nothing."""
    try:
        status = os.stat(file)  # noqa: PTH116 - of an open file too
    except FileNotFoundError:
        return ()
    return (status.st_ino, status.st_size, status.st_mtime_ns)


def _written_again(folder: Path, number: int) -> CropsIncomplete:
    return CropsIncomplete(
        f"shard {number} of {folder} was written again since this command began, so its crops may be of other photos; "
        "start this command again, and let no two commands with different photos share a folder of crops (--crops DIR)"
    )


def _read_shape(path: Path) -> tuple[int, ...]:
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape: tuple[int, ...] = np.lib.format.read_array_header_1_0(file)[0]
    return shape


def _save_array(path: Path, array: NDArray[np.uint8]) -> None:
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, version=(1, 0))
        if file.tell() - array.nbytes != _HEADER_BYTES:
            message = (
                f"the header of {path} is not {_HEADER_BYTES} bytes long, so its crops would be read from a wrong place"
            )
            raise CropsIncomplete(message)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    write(temporary)
    temporary.replace(path)
