"""`python -m k8s.operations bundle make | verify | load | digests`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from k8s.operations.bundle.checking import read_description, verify
from k8s.operations.bundle.loading import digest_lines, import_commands, load, push_commands, require_images
from k8s.operations.bundle.making import Ingredients, make
from k8s.operations.errors import BundleIncomplete
from k8s.operations.images.program import DEFAULT_OUT, source_date_epoch
from k8s.operations.release import ROOT
from k8s.operations.site_file import Site


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO) -> int:
    """Make, verify and load a bundle for a site without internet."""
    parser = argparse.ArgumentParser(prog="python -m k8s.operations bundle", description=run.__doc__)
    orders = parser.add_subparsers(dest="order", required=True, metavar="ORDER")
    sub = orders.add_parser("make", help="one tar file with everything; fails where an image is missing")
    sub.add_argument(
        "--images", type=Path, default=DEFAULT_OUT, metavar="DIR", help="OCI archives, as `make images` leaves them"
    )
    sub.add_argument("--model", type=Path, metavar="DIR", help="directory of one model version")
    sub.add_argument("--manifests-only", action="store_true", help="without images; the bundle's name says so")
    sub.add_argument("--out", type=Path, default=ROOT / ".run", metavar="DIR")
    for name, says in (
        ("verify", "compare every file of an unpacked bundle with its checksums, and every image with its digest"),
        ("load", "verify, then bring the images into the site's registry"),
        ("digests", "print the block that pins every image by digest in an overlay's kustomization"),
    ):
        sub = orders.add_parser(name, help=says)
        sub.add_argument(
            "folder", type=Path, nargs="?", default=ROOT, metavar="DIR", help="the unpacked bundle (default: this one)"
        )
        if name != "verify":
            place = sub.add_mutually_exclusive_group(required=True)
            place.add_argument("--registry", metavar="HOST/PATH")
            place.add_argument("--site", type=Path, metavar="FILE", help="site file whose SITE_REGISTRY counts")
        if name == "load":
            sub.add_argument(
                "--containerd", action="store_true", help="into this node's containerd instead, without a registry"
            )
            sub.add_argument("--dry-run", action="store_true", help="print the commands and run none")
    options = parser.parse_args(arguments)
    orders_by_name = {"make": _make, "verify": _verify, "load": _load, "digests": _digests}
    return orders_by_name[options.order](options, environment, out)


def _make(options: argparse.Namespace, environment: Mapping[str, str], out: TextIO) -> int:
    options.out.mkdir(parents=True, exist_ok=True)
    archives = None if options.manifests_only else options.images
    path = make(Ingredients(archives, options.model, source_date_epoch(environment)), options.out)
    out.write(f"{path}\n")
    return 0


def _verify(options: argparse.Namespace, _environment: Mapping[str, str], out: TextIO) -> int:
    document = verify(options.folder)
    count = len(document["images"])
    out.write(
        f"Bundle {document['version']} ({document['kind']}) is whole: {count} images, every file and every digest as it was made.\n"
    )
    return 0


def _load(options: argparse.Namespace, _environment: Mapping[str, str], out: TextIO) -> int:
    folder: Path = options.folder
    document = read_description(folder) if options.dry_run else verify(folder)
    commands = (import_commands if options.containerd else push_commands)(folder, document, _registry(options))
    if options.dry_run:
        out.writelines(f"{' '.join([os.path.basename(command[0]), *command[1:]])}\n" for command in commands)  # noqa: PTH119 - a name to print, no path
        return 0
    require_images(document)
    load(commands)
    out.write(f"{len(document['images'])} images loaded.\n")
    return 0


def _digests(options: argparse.Namespace, _environment: Mapping[str, str], out: TextIO) -> int:
    document = read_description(options.folder)
    require_images(document)
    out.writelines(f"{line}\n" for line in digest_lines(document, _registry(options)))
    return 0


def _registry(options: argparse.Namespace) -> str:
    if options.site:
        return Site.read(options.site)["registry"]
    registry: str = options.registry
    if registry.startswith(("http://", "https://")):
        message = f"{registry}: write the registry without http:// or https://."
        raise BundleIncomplete(message)
    return registry
