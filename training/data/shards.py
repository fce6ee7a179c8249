"""Crops on disk: fixed-size shards of uint8 arrays that are read through memory maps, and what happened to each photo.

    shard-00000.npy    uint8 [k, size, size, 3], the crops that were made, in the manifest's order
    shard-00000.json   key, path of each crop, refused photos with their code; written last, so it means "complete"

A training set larger than memory stays on disk: only the pages of the current batch are read.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.errors import CropsIncomplete

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SHARD_SCHEMA = "symmetra.crops/1"


@dataclass(frozen=True, slots=True)
class Shard:
    """One complete shard: `key` names the photos and the crop specification it was made from."""

    key: str
    paths: tuple[str, ...]
    refused: dict[str, str]
    """Photo path -> stable code of the reason (`serving.contract.errors`)."""


def write_shard(folder: Path, number: int, shard: Shard, crops: NDArray[np.uint8]) -> None:
    """Write one shard; a kill at any moment leaves either no description or a complete shard."""
    array_path, description_path = _paths(folder, number)
    description_path.unlink(missing_ok=True)
    _replace(array_path, lambda temporary: _save_array(temporary, crops))
    content = {"schema": SHARD_SCHEMA, "key": shard.key, "paths": shard.paths, "refused": shard.refused}
    _replace(description_path, lambda temporary: temporary.write_text(json.dumps(content), encoding="utf-8"))


def read_shard(folder: Path, number: int) -> Shard | None:
    """The description of a complete shard, or None where there is none (or one of another schema)."""
    try:
        content = json.loads(_paths(folder, number)[1].read_text(encoding="utf-8"))
        if content["schema"] != SHARD_SCHEMA:
            return None
        return Shard(content["key"], tuple(content["paths"]), dict(content["refused"]))
    except (OSError, ValueError, KeyError, TypeError):
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
        self._place: dict[str, tuple[int, int]] = {}
        self._arrays: list[NDArray[np.uint8]] = []
        for number in range(shard_count):
            shard = read_shard(folder, number)
            if shard is None:
                message = f"{folder} lacks shard {number} of {shard_count}; run `python -m training crops` again"
                raise CropsIncomplete(message)
            self._arrays.append(np.load(_paths(folder, number)[0], mmap_mode="r"))
            self._place.update({path: (number, position) for position, path in enumerate(shard.paths)})
            self.refused.update(shard.refused)

    def __contains__(self, path: object) -> bool:
        """Whether a crop was made from this photo."""
        return path in self._place

    def __len__(self) -> int:
        """How many crops there are."""
        return len(self._place)

    @property
    def crop_size(self) -> int:
        """Height and width of a crop, in pixels."""
        return int(self._arrays[0].shape[1])

    def read(self, paths: Sequence[str]) -> NDArray[np.uint8]:
        """The crops of these photos, uint8 [len(paths), size, size, 3]: the bytes that `make_crop` gave.

        Raises:
            CropsIncomplete: no crop was made from one of them.
        """
        try:
            places = [self._place[path] for path in paths]
        except KeyError as error:
            message = f"there is no crop of photo {error.args[0]}; run `python -m training crops` again"
            raise CropsIncomplete(message) from error
        if not places:
            return np.empty((0, *self._arrays[0].shape[1:]), np.uint8)
        return np.stack([self._arrays[number][position] for number, position in places])


def refusal_counts(refused: Mapping[str, str]) -> dict[str, int]:
    """How many photos were refused, by code, most frequent first."""
    codes = list(refused.values())
    return {code: codes.count(code) for code in sorted(set(codes), key=lambda code: (-codes.count(code), code))}


def _paths(folder: Path, number: int) -> tuple[Path, Path]:
    stem = folder / f"shard-{number:05d}"
    return stem.with_suffix(".npy"), stem.with_suffix(".json")


def _save_array(path: Path, crops: NDArray[np.uint8]) -> None:
    with path.open("wb") as file:
        np.save(file, crops)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    write(temporary)
    temporary.replace(path)
