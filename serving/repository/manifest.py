"""`manifest.json`: the sha256 of every other file of a version. Its own sha256 is the version's digest.

The digest covers names, sizes and contents, so one number in a receipt says exactly which model answered.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Final

from serving.repository.errors import VersionDamaged, VersionIncomplete

MANIFEST_NAME: Final = "manifest.json"
MANIFEST_SCHEMA: Final = "symmetra.manifest/1"


def write_manifest(directory: Path) -> str:
    """Write the manifest of what lies in `directory` and return the digest.

    Raises:
        VersionIncomplete: A link, socket or the like lies there: its content is not the version's own.
    """
    files = {}
    for path in _paths_below(directory):
        if not stat.S_ISREG((directory / path).lstat().st_mode):
            message = f"{path} is not a plain file. Copy what it refers to into the version."
            raise VersionIncomplete(message)
        files[path] = {"bytes": (directory / path).stat().st_size, "sha256": _sha256(directory / path)}
    content = json.dumps({"schema": MANIFEST_SCHEMA, "files": files}, sort_keys=True, indent=2) + "\n"
    (directory / MANIFEST_NAME).write_text(content, encoding="utf-8")
    return hashlib.sha256(content.encode()).hexdigest()


def digest_of(directory: Path, version: int) -> str:
    """The digest of a version: sha256 of its manifest, in hexadecimal. Other files are not looked at.

    Raises:
        VersionDamaged: There is no manifest.
    """
    return hashlib.sha256(_read(directory, version)).hexdigest()


def check_files(directory: Path, version: int) -> str:
    """Compare every file with the manifest and return the digest.

    Raises:
        VersionDamaged: A file is missing, changed or extra, or the manifest cannot be used; each is named.
    """
    content = _read(directory, version)
    listed = _listed(content, version)
    present = set(_paths_below(directory))
    missing = sorted(set(listed) - present)
    extra = sorted(present - set(listed))
    changed = sorted(path for path in present & set(listed) if not _is_as_listed(directory / path, *listed[path]))
    if missing or changed or extra:
        raise VersionDamaged(version, missing=tuple(missing), changed=tuple(changed), extra=tuple(extra))
    return hashlib.sha256(content).hexdigest()


def read_listed(directory: Path, version: int, digest: str, path: str) -> bytes | None:
    """One file of a version, as it was published; None where the version has no such file.

    Args:
        directory: Of the version.
        version: Its number.
        digest: Of the version, as the pin names it.
        path: Of the file, below the directory.

    Raises:
        VersionDamaged: The manifest is missing, cannot be used or has another digest; the file is missing, or is not as listed.
            Its cause is an `OSError` where something could not be read.
    """
    content = _read(directory, version)
    if hashlib.sha256(content).hexdigest() != digest:
        raise VersionDamaged(version, reason=f"{MANIFEST_NAME} has another digest than the pin")
    listed = _listed(content, version).get(path)
    if listed is None:
        return None
    try:
        found = (directory / path).read_bytes()
    except OSError as error:
        raise VersionDamaged(version, missing=(path,)) from error
    if (len(found), hashlib.sha256(found).hexdigest()) != listed:
        raise VersionDamaged(version, changed=(path,))
    return found


def _listed(content: bytes, version: int) -> dict[str, tuple[object, object]]:
    """Size and sha256 of every file that a manifest lists."""
    try:
        manifest = json.loads(content)
        if manifest["schema"] != MANIFEST_SCHEMA:
            raise VersionDamaged(version, reason=f"{MANIFEST_NAME} is not of schema {MANIFEST_SCHEMA}")
        return {path: (entry["bytes"], entry["sha256"]) for path, entry in manifest["files"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise VersionDamaged(version, reason=f"{MANIFEST_NAME} cannot be read") from error


def _read(directory: Path, version: int) -> bytes:
    try:
        return (directory / MANIFEST_NAME).read_bytes()
    except OSError as error:
        raise VersionDamaged(version, reason=f"{MANIFEST_NAME} cannot be read") from error


def _paths_below(directory: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(directory):
        # A link to a directory is not walked into, so it must count as an entry or it would hide what it refers to.
        links = [name for name in folders if Path(folder, name).is_symlink()]
        found += [Path(folder, name).relative_to(directory).as_posix() for name in names + links]
    return sorted(path for path in found if path != MANIFEST_NAME)


def _is_as_listed(path: Path, size_bytes: object, sha256: object) -> bool:
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_size == size_bytes and _sha256(path) == sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
