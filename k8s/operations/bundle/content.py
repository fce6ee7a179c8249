"""What goes into a bundle besides the images, and how files are summed up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from k8s.operations.errors import BundleIncomplete
from k8s.operations.release import ROOT

PARTS: Final = (
    "LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "pyproject.toml", "k8s", "requirements", "serving/deploy", "gateway/OPERATING.md",
    "gateway/SETTINGS.md", "gateway/ACCESS.md", "gateway/PRIVACY.md", "monitoring/slo.yaml", "monitoring/rules", "monitoring/alertmanager",
    "monitoring/dashboards", "monitoring/RUNBOOK.md", "loadtests/SIZING.md",
)  # fmt: skip
"""Files and folders of the project that a site needs, manifests and dashboards among them."""
LEFT_OUT: Final = ("__pycache__", ".venv", ".run")
SUMS: Final = "SHA256SUMS"
CHUNK_BYTES: Final = 1 << 20


def project_files() -> Iterator[Path]:
    """Every file of `PARTS`, sorted, as paths.

    Raises:
        BundleIncomplete: a part is missing.
    """
    missing = [part for part in PARTS if not (ROOT / part).exists()]
    if missing:
        message = f"Missing in {ROOT}: {', '.join(missing)}; make a bundle from a complete checkout."
        raise BundleIncomplete(message)
    for part in PARTS:
        yield from files_below(ROOT / part)


def files_below(path: Path) -> Iterator[Path]:
    """A file itself, or every file of a folder, sorted."""
    if path.is_file():
        yield path
    else:
        yield from (file for file in sorted(path.rglob("*")) if file.is_file() and not set(file.parts) & set(LEFT_OUT))


def sha256_of(path: Path) -> str:
    """Of a file of any size."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def write_sums(folder: Path) -> None:
    """SHA256SUMS over everything in a folder, as `sha256sum --check` reads it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != SUMS]
    lines = [f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def read_sums(folder: Path) -> dict[str, str]:
    """Digest of each file, by its path in the bundle."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
