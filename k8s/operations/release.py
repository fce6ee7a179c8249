"""What belongs to this release: its images, from k8s/images.txt, and its version."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from k8s.operations.errors import BundleIncomplete

ROOT: Final = Path(__file__).resolve().parents[2]
IMAGES_FILE: Final = ROOT / "k8s/images.txt"


def images(path: Path = IMAGES_FILE) -> list[str]:
    """Every image that any overlay names, as the manifests write it.

    Raises:
        BundleIncomplete: the list is not there.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        message = f"{path} is missing: without the list of images nobody knows what belongs into a bundle."
        raise BundleIncomplete(message) from None
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def image_called(name: str) -> str:
    """Name and tag of one of our images, without a registry.

    Raises:
        BundleIncomplete: the list does not have it.
    """
    for image in images():
        last = image.rpartition("/")[2]
        if re.fullmatch(rf"{re.escape(name)}:[^@]+(@.*)?", last):
            return last
    message = f"{IMAGES_FILE.name} names no image {name}."
    raise BundleIncomplete(message)
