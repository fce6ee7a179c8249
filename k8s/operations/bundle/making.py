"""Making a bundle: everything is there, or there is no bundle."""

from __future__ import annotations

import json
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from k8s.operations.bundle.content import files_below, project_files, write_sums
from k8s.operations.bundle.oci_archive import digest_of
from k8s.operations.errors import BundleIncomplete
from k8s.operations.images.plan import PLANS
from k8s.operations.images.program import approval_of, archive_name, version, write_bill
from k8s.operations.release import ROOT, images

SCHEMA: Final = "symmetra.bundle/1"
COMPLETE: Final = "complete"
MANIFESTS_ONLY: Final = "manifests-only"


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a bundle is made of.

    Attributes:
        archives: Folder with one OCI archive per image; None for a bundle that is manifests-only.
        model: Directory of one model version, named by its number; None only where there are no archives either.
        epoch: Time stamp of everything in it, in seconds.
    """

    archives: Path | None
    model: Path | None
    epoch: int


def make(ingredients: Ingredients, out: Path) -> Path:
    """Write a bundle into a folder and return its path: one tar file.

    Raises:
        BundleIncomplete: an image, the model, its approval or a part of the project is missing.
        BundleDamaged: an archive is not what its digests say.
    """
    kind = MANIFESTS_ONLY if ingredients.archives is None else COMPLETE
    name = f"symmetra-{version()}" + ("" if kind == COMPLETE else f"-{MANIFESTS_ONLY}")
    wanted = images()
    if ingredients.archives is not None:
        require_archives(ingredients.archives, wanted)
        if ingredients.model is None:
            message = "Name the directory of a model version with --model, such as .../depression_severity/1."
            raise BundleIncomplete(message)
    folder = out / f"tmp-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        for path in project_files():
            _place(path, folder / path.relative_to(ROOT))
        if ingredients.model is not None:
            number = ingredients.model.resolve().name
            for path in files_below(ingredients.model):
                _place(path, folder / "model" / number / path.relative_to(ingredients.model))
            _place(approval_of(ingredients.model.resolve()), folder / "model/approvals" / f"{number}.json")
        (folder / "sbom").mkdir()
        for plan in PLANS:
            write_bill(plan, folder / "sbom")
        described = []
        for image in wanted if ingredients.archives is not None else ():
            archive = folder / "images" / f"{archive_name(image)}.tar"
            _place(ingredients.archives / archive.name, archive)  # type: ignore[operator]  # it is not None here
            described.append({"image": image, "archive": f"images/{archive.name}", "digest": digest_of(archive)})
        document = {"schema": SCHEMA, "version": version(), "kind": kind, "images": described}
        (folder / "bundle.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        write_sums(folder)
        return _pack(folder, out / f"{name}.tar", name, ingredients.epoch)
    finally:
        shutil.rmtree(folder)


def require_archives(folder: Path, wanted: list[str]) -> None:
    """All images are there.

    Raises:
        BundleIncomplete: some are not; each is named.
    """
    missing = [image for image in wanted if not (folder / f"{archive_name(image)}.tar").is_file()]
    if missing:
        lines = "".join(f"\n  {image} as {folder / archive_name(image)}.tar" for image in missing)
        message = (
            f"{len(missing)} of {len(wanted)} images are missing:{lines}\n`make images` builds ours, "
            "`skopeo copy docker://IMAGE oci-archive:FILE` fetches the others; --manifests-only makes a bundle without any, and calls it so."
        )
        raise BundleIncomplete(message)


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _pack(folder: Path, path: Path, name: str, epoch: int) -> Path:
    """One tar file, the same bytes for the same content."""
    temporary = path.with_name(f"tmp-{path.name}")
    with tarfile.open(temporary, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in sorted(folder.rglob("*")):
            info = tar.gettarinfo(file, arcname=f"{name}/{file.relative_to(folder).as_posix()}")
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = epoch
            info.mode = 0o755 if file.is_dir() else 0o644
            if file.is_dir():
                tar.addfile(info)
            else:
                with file.open("rb") as content:
                    tar.addfile(info, content)
    temporary.replace(path)
    return path
