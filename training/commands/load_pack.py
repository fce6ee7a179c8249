"""`python -m training load-pack FOLDER`: draw a pack of photos for load tests.

`pack.json` is in the form that `loadtests.photos` reads. What a gateway answers to the photos is not in it yet:
`python -m loadtests record-answers` asks one.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from training.synthetic.load_photos import KINDS, LoadPhoto, make_load_photos

SCHEMA: Final = "symmetra.load-pack/1"
NOTE: Final = (
    "Drawn faces, nobody's photo. Shares of sizes and formats are an assumption: "
    + ", ".join(f"{kind.percent:g} % {kind.name}" for kind in KINDS)
    + " of the good photos; one photo in twenty is bad."
)
CROPS_FILE: Final = "crops.npz"
GOLDEN_FILE: Final = Path("assets.extra") / "golden.npz"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="of the pack, made if missing")
    parser.add_argument("--photos", type=int, default=100, metavar="N", help="number of photos (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same photos (default 0)")
    parser.add_argument(
        "--crops-of",
        type=Path,
        metavar="VERSION",
        help="folder of a model version, whose golden crops direct users send",
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw the pack; 0 when it is complete, 2 with a sentence where it cannot be."""
    folder: Path = arguments.folder
    if arguments.photos < 1:
        sys.stderr.write("load-pack: --photos must be at least 1\n")
        return 2
    try:
        folder.mkdir(parents=True, exist_ok=True)
        entries = []
        sizes = []
        for photo in make_load_photos(arguments.photos, arguments.seed):
            (folder / photo.file).write_bytes(photo.content)
            entries.append(_entry(photo))
            sizes.append(len(photo.content))
        if arguments.crops_of is not None:
            _write_crops(arguments.crops_of, folder / CROPS_FILE)
        index = {
            "schema": SCHEMA,
            "name": f"drawn-{arguments.photos}-{arguments.seed}",
            "note": NOTE,
            "photos": entries,
        }
        (folder / "pack.json").write_text(json.dumps(index, indent=2) + "\n")
    except OSError as error:
        sys.stderr.write(f"load-pack: {error}\n")
        return 2
    sys.stdout.write(
        f"{len(entries)} photos in {folder}, {min(sizes) / 1000:.0f} KB to {max(sizes) / 1000:.0f} KB, "
        f"{sum(sizes) / 1e6:.0f} MB together\n{NOTE}\n"
    )
    return 0


def _entry(photo: LoadPhoto) -> dict[str, Any]:
    return {
        "file": photo.file,
        "content_type": photo.content_type,
        "kind": photo.kind,
        "problem": photo.problem,
        "weight": 1.0,
        "answers": {},
    }


def _write_crops(version: Path, path: Path) -> None:
    """The golden crops of a version, with its own answers to them."""
    with np.load(version / GOLDEN_FILE) as golden:
        np.savez_compressed(path, crop=golden["crops"], **{f"ppm_{version.name}": golden["severity_ppm"]})
