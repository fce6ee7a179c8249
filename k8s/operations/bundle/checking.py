"""Verifying an unpacked bundle: every file as it was made, none missing, none added, every image sound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from k8s.operations.bundle.content import LEFT_OUT, SUMS, read_sums, sha256_of
from k8s.operations.bundle.making import COMPLETE, SCHEMA
from k8s.operations.bundle.oci_archive import digest_of
from k8s.operations.errors import BundleDamaged
from k8s.operations.release import images

OWN_FOLDERS: Final = "k8s/overlays/"
"""A site adds its overlay there; the template and the others must be as they were."""


def read_description(folder: Path) -> dict[str, Any]:
    """What a bundle says of itself.

    Raises:
        BundleDamaged: it does not, or this program does not know how to read it.
    """
    try:
        document: dict[str, Any] = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{folder} is no unpacked bundle: its bundle.json cannot be read ({error})."
        raise BundleDamaged(message) from None
    if document.get("schema") != SCHEMA:
        message = f"{folder}/bundle.json has the schema {document.get('schema')!r}, and this program reads {SCHEMA}."
        raise BundleDamaged(message)
    return document


def verify(folder: Path) -> dict[str, Any]:
    """Compare a bundle with its checksums; returns what it says of itself.

    Raises:
        BundleDamaged: something differs; one line per file.
    """
    document = read_description(folder)
    try:
        sums = read_sums(folder)
    except OSError as error:
        message = f"{folder}/{SUMS} cannot be read ({error})."
        raise BundleDamaged(message) from None
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not set(path.parts) & set(LEFT_OUT)
    }
    lines = [f"{name} is missing." for name in sorted(sums.keys() - there)]
    lines += [f"{name} was added." for name in sorted(there - sums.keys() - {SUMS}) if not name.startswith(OWN_FOLDERS)]
    lines += [f"{name} was changed." for name in sorted(sums.keys() & there) if sha256_of(folder / name) != sums[name]]
    if not lines:
        lines = _check_images(folder, document)
    if lines:
        raise BundleDamaged(
            "\n".join(
                [
                    *lines,
                    "Do not install from this bundle; get it again, and its checksum from somebody else than whoever brought it.",
                ]
            )
        )
    return document


def _check_images(folder: Path, document: dict[str, Any]) -> list[str]:
    lines = []
    listed = [entry["image"] for entry in document["images"]]
    if document["kind"] == COMPLETE:
        wanted = images(folder / "k8s/images.txt")
        lines += [f"The image {image} is not in it." for image in wanted if image not in listed]
    for entry in document["images"]:
        digest = digest_of(folder / entry["archive"])
        if digest != entry["digest"]:
            lines.append(f"{entry['archive']} holds {digest}, and bundle.json says {entry['digest']}.")
    return lines
