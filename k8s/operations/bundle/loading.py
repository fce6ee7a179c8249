"""Bringing a bundle's images to a site: into its registry, or into the containerd of a node."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from k8s.operations.bundle.making import COMPLETE
from k8s.operations.errors import BundleIncomplete, ToolMissing
from k8s.operations.images.engines import run_command

PUSHERS: Final = ("skopeo", "podman", "docker")


def in_registry(image: str, registry: str) -> str:
    """Where an image is in a site's registry: what stands before the first slash is replaced, as in the manifests."""
    return f"{registry}/{image.partition('/')[2]}"


def require_images(document: dict[str, Any]) -> None:
    """A bundle with images.

    Raises:
        BundleIncomplete: it has none.
    """
    if document["kind"] != COMPLETE:
        message = f"This bundle is {document['kind']}: it holds no images; ask for a complete one, or mirror the images of k8s/images.txt."
        raise BundleIncomplete(message)


def push_commands(folder: Path, document: dict[str, Any], registry: str) -> Iterator[list[str]]:
    """What brings every image into a registry, with the first program that is here.

    Raises:
        BundleIncomplete: the bundle has no images.
        ToolMissing: none of the programs is here.
    """
    require_images(document)
    name = next((name for name in PUSHERS if shutil.which(name)), None)
    if name is None:
        message = (
            f"None of {', '.join(PUSHERS)} is on this machine; load where one is, or use --containerd on each node."
        )
        raise ToolMissing(message)
    program = shutil.which(name) or name
    for entry in document["images"]:
        archive, target = folder / entry["archive"], in_registry(entry["image"], registry)
        if name == "skopeo":
            yield [program, "copy", "--preserve-digests", f"oci-archive:{archive}", f"docker://{target}"]
        else:
            yield [program, "load", "--input", str(archive)]
            yield [program, "tag", entry["image"], target]
            yield [program, "push", target]


def import_commands(folder: Path, document: dict[str, Any], registry: str) -> Iterator[list[str]]:
    """What brings every image into this node's containerd, under the names that the manifests use.

    Raises:
        BundleIncomplete: the bundle has no images.
        ToolMissing: ctr is not here.
    """
    require_images(document)
    program = shutil.which("ctr")
    if program is None:
        message = "ctr is not on this machine; run this on a node, as root, or load into a registry."
        raise ToolMissing(message)
    for entry in document["images"]:
        target = in_registry(entry["image"], registry)
        yield [
            program,
            "--namespace",
            "k8s.io",
            "images",
            "import",
            "--index-name",
            target,
            str(folder / entry["archive"]),
        ]


def load(commands: Iterator[list[str]]) -> int:
    """Run them one after the other; returns how many."""
    count = 0
    for command in commands:
        run_command(command)
        count += 1
    return count


def digest_lines(document: dict[str, Any], registry: str) -> Iterator[str]:
    """The `images:` block of a kustomization that pins every image by its digest."""
    yield "images:"
    for entry in document["images"]:
        last = in_registry(entry["image"], registry)
        yield f"  - name: {last.partition('@')[0].rpartition(':')[0]}"
        yield f"    digest: {entry['digest']}"
