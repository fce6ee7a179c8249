"""OCI archives: does every blob have the content that its digest names, down from the index? Standard library only, so a site can check."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any, Final

from k8s.operations.errors import BundleDamaged

CHUNK_BYTES: Final = 1 << 20
MAX_DOCUMENT_BYTES: Final = 4 << 20
INDEX: Final = "application/vnd.oci.image.index.v1+json"


def digest_of(archive: Path) -> str:
    """The digest of the image in an archive, after everything below it was checked.

    Raises:
        BundleDamaged: it is no OCI archive, or a blob is missing or changed.
    """
    try:
        with tarfile.open(archive, mode="r:") as tar:
            members = {member.name.removeprefix("./"): member for member in tar.getmembers() if member.isfile()}
            if "index.json" not in members or "oci-layout" not in members:
                raise BundleDamaged(_says(archive, "is no OCI archive: it has no index.json"))
            index = _document(tar, members["index.json"], archive)
            manifests = index.get("manifests", [])
            if len(manifests) != 1:
                raise BundleDamaged(_says(archive, f"holds {len(manifests)} images, and should hold one"))
            _check(tar, members, manifests[0], archive)
            digest: str = manifests[0]["digest"]
            return digest
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleDamaged(_says(archive, f"cannot be read as an OCI archive ({error})")) from None


def _check(
    tar: tarfile.TarFile, members: dict[str, tarfile.TarInfo], descriptor: dict[str, Any], archive: Path
) -> None:
    """One blob, and what it names."""
    algorithm, _, value = descriptor["digest"].partition(":")
    member = members.get(f"blobs/{algorithm}/{value}")
    if algorithm != "sha256" or member is None:
        raise BundleDamaged(_says(archive, f"lacks the blob {descriptor['digest']}"))
    if member.size != descriptor["size"] or _sha256(tar, member) != value:
        raise BundleDamaged(_says(archive, f"has another content than its digest says in {descriptor['digest']}"))
    kind = descriptor.get("mediaType", "")
    if kind == INDEX or "manifest" in kind:
        document = _document(tar, member, archive)
        for below in (
            *document.get("manifests", []),
            *([document["config"]] if "config" in document else []),
            *document.get("layers", []),
        ):
            _check(tar, members, below, archive)


def _document(tar: tarfile.TarFile, member: tarfile.TarInfo, archive: Path) -> dict[str, Any]:
    file = tar.extractfile(member)
    if file is None or member.size > MAX_DOCUMENT_BYTES:
        raise BundleDamaged(_says(archive, f"has an unreadable {member.name}"))
    document: dict[str, Any] = json.loads(file.read())
    return document


def _sha256(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = tar.extractfile(member)
    digest = hashlib.sha256()
    while file is not None and (chunk := file.read(CHUNK_BYTES)):
        digest.update(chunk)
    return digest.hexdigest()


def _says(archive: Path, what: str) -> str:
    return f"{archive.name} {what}; make or fetch it again."
