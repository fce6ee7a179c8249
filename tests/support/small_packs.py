"""Packs of a few made-up bytes, for load tests against a script that looks at no photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from loadtests.photos import CROPS_FILE, Index, PackPhoto, RightAnswer, write_index


def write_small_pack(folder: Path, *, severity_ppm: tuple[int, int] = (90_000, 110_000), bad: bool = True) -> Path:
    """Nineteen good photos for one bad, and eight crops; version 1 is known. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    answers = {"1": RightAnswer(severity_ppm, ("none",))}
    photos = [PackPhoto("face.jpg", "image/jpeg", "webcam", None, 19.0, answers)]
    (folder / "face.jpg").write_bytes(b"face" * 500)
    if bad:
        photos.append(PackPhoto("bad.jpg", "image/jpeg", "bad", "photo_unreadable", 1.0))
        (folder / "bad.jpg").write_bytes(b"bad" * 500)
    crops = np.zeros((8, 128, 128, 3), np.uint8)
    np.savez(folder / CROPS_FILE, crop=crops, ppm_1=np.full(8, 500_000, np.int64))
    write_index(folder, Index("small", "made up", tuple(photos)))
    return folder
