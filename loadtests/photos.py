"""A pack of photos to send: a folder with drawn photos and `pack.json`, which says what each must be answered.

`python -m training load-pack` draws one (nobody's photo, 50 KB to 8 MB, several formats, one in twenty bad);
`python -m loadtests record-answers` asks a gateway that is believed to be right what it answers, and notes it for its model
version. Loading a version that the pack does not know is possible; its answers are then counted as unchecked.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from loadtests.errors import PackUnusable

SCHEMA: Final = "symmetra.load-pack/1"
PACK_FILE: Final = "pack.json"
CROPS_FILE: Final = "crops.npz"
"""Arrays `crop`, uint8 [n, 128, 128, 3], and, for each version that was asked, `ppm_VERSION`, int64 [n]: for `direct` users."""
ABSTAINED: Final = "abstained"


@dataclass(frozen=True, slots=True)
class RightAnswer:
    """What a version answers to a photo.

    Attributes:
        severity_ppm: Smallest and largest severity that is right.
        bands: Bands that are right, "abstained" where no band is.
    """

    severity_ppm: tuple[int, int]
    bands: tuple[str, ...]

    @property
    def middle_ppm(self) -> int:
        """The severity in the middle of what is right."""
        return sum(self.severity_ppm) // 2


@dataclass(frozen=True, slots=True)
class PackPhoto:
    """One photo.

    Attributes:
        file: Its name within the folder.
        content_type: Sent with it.
        kind: "webcam", "phone", "scan", ..., or "bad".
        problem: Code of the problem that a bad photo must get; None for a face.
        weight: How often it is sent, relative to the others.
        answers: By model version, what is right.
    """

    file: str
    content_type: str
    kind: str
    problem: str | None
    weight: float
    answers: dict[str, RightAnswer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pack:
    """Photos in memory.

    Attributes:
        name: Of the pack.
        photos: In the order of their numbers.
        contents: Their bytes, in the same order.
        digest: SHA-256 over `pack.json` without its answers, and all bytes.
        crops: uint8 [n, 128, 128, 3] for `direct` users; n is 0 where the pack has none.
        crop_ppm: By model version, the right severity of each crop.
    """

    name: str
    photos: tuple[PackPhoto, ...]
    contents: tuple[bytes, ...]
    digest: str
    crops: NDArray[np.uint8]
    crop_ppm: dict[str, NDArray[np.int64]]

    def choose(self, count: int, seed: int) -> NDArray[np.intp]:
        """Numbers of the photos of a run's requests, by their weights: the same for the same seed."""
        weights = np.array([photo.weight for photo in self.photos], np.float64)
        return np.random.default_rng([seed, 1]).choice(len(self.photos), size=count, p=weights / weights.sum())

    @property
    def bad_share(self) -> float:
        """Share of the requests that send a bad photo."""
        total = sum(photo.weight for photo in self.photos)
        return sum(photo.weight for photo in self.photos if photo.problem is not None) / total


def read_pack(folder: Path) -> Pack:
    """Read a pack.

    Raises:
        PackUnusable: The folder is none.
    """
    try:
        index = read_index(folder)
        contents = tuple((folder / photo.file).read_bytes() for photo in index.photos)
        crops, crop_ppm = _read_crops(folder / CROPS_FILE)
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{folder} is no pack of photos: {error}"
        raise PackUnusable(message) from error
    return Pack(index.name, index.photos, contents, _digest(index, contents), crops, crop_ppm)


@dataclass(frozen=True, slots=True)
class Index:
    """`pack.json`."""

    name: str
    note: str
    photos: tuple[PackPhoto, ...]

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From the file's content."""
        if content["schema"] != SCHEMA or not content["photos"]:
            message = f"{PACK_FILE} lists no photos in the schema {SCHEMA}"
            raise PackUnusable(message)
        return cls(content["name"], content["note"], tuple(map(_photo, content["photos"])))

    def as_json(self) -> dict[str, Any]:
        """The file's content."""
        return {"schema": SCHEMA, **dataclasses.asdict(self)}


def read_index(folder: Path) -> Index:
    """Read `pack.json` alone.

    Raises:
        PackUnusable: There is none, or it says something else.
    """
    try:
        return Index.from_json(json.loads((folder / PACK_FILE).read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{folder} is no pack of photos: {error}"
        raise PackUnusable(message) from error


def write_index(folder: Path, index: Index) -> None:
    """Write `pack.json`."""
    (folder / PACK_FILE).write_text(json.dumps(index.as_json(), indent=2) + "\n")


def _photo(content: Mapping[str, Any]) -> PackPhoto:
    answers = {
        version: RightAnswer((int(each["severity_ppm"][0]), int(each["severity_ppm"][1])), tuple(each["bands"]))
        for version, each in content["answers"].items()
    }
    file, problem = str(content["file"]), content["problem"]
    if Path(file).name != file:
        message = f"{file!r} is no name of a file within the folder"
        raise PackUnusable(message)
    return PackPhoto(
        file, str(content["content_type"]), str(content["kind"]), problem, float(content["weight"]), answers
    )


def _digest(index: Index, contents: tuple[bytes, ...]) -> str:
    """Answers may be added for another version; the pack is the same."""
    digest = hashlib.sha256()
    for photo, content in zip(index.photos, contents, strict=True):
        digest.update(f"{photo.file} {photo.weight} {photo.problem} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _read_crops(path: Path) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.int64]]]:
    if not path.exists():
        return np.zeros((0, 128, 128, 3), np.uint8), {}
    with np.load(path) as arrays:
        ppm = {name.removeprefix("ppm_"): arrays[name] for name in arrays.files if name.startswith("ppm_")}
        return arrays["crop"], ppm
