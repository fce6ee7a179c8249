"""`python -m k8s.operations sbom LOCK...`: what lock files install, as CycloneDX 1.6.

Made from the locks alone, so it is the same bytes wherever it is made, and nothing needs to be installed for it. A package's hashes in a
lock are those of its wheels and source archives, one of which is installed; they stand as properties, because CycloneDX's own field
means the hash of one file.
"""

from __future__ import annotations

import argparse
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from k8s.operations.errors import LockUnreadable

_PIN: Final = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)((?:[ \\\n]|#[^\n]*\n|--hash=sha256:[0-9a-f]{64})*)",
    re.MULTILINE,
)
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NAMESPACE: Final = uuid.UUID("6f0c3f5e-7c1a-5b6e-9a52-0d6c5e0f4a11")
"""Of our serial numbers, so that equal content has an equal number."""

Component = dict[str, Any]


def packages(text: str) -> list[tuple[str, str, list[str]]]:
    """Name, version and hashes of every package of a lock file.

    Raises:
        LockUnreadable: something is pinned without a hash, or nothing is pinned.
    """
    found = [(match[1].lower().replace("_", "-"), match[2], _HASH.findall(match[3])) for match in _PIN.finditer(text)]
    bare = [name for name, _, hashes in found if not hashes]
    if bare or not found:
        message = f"The lock file pins {', '.join(bare)} without a hash." if bare else "The lock file pins nothing."
        raise LockUnreadable(message)
    return found


def bill_of_materials(name: str, version: str, locks: Sequence[str]) -> dict[str, Any]:
    """The bill of one image.

    Args:
        name: Of the image.
        version: Of the release.
        locks: Texts of the lock files that it installs from.
    """
    pinned = {}
    for text in locks:
        for package, number, hashes in packages(text):
            pinned[package] = (number, hashes)
    components: list[Component] = [_component(package, *pinned[package]) for package in sorted(pinned)]
    content = json.dumps([name, version, components], sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, content)}",
        "version": 1,
        "metadata": {"component": {"type": "container", "bom-ref": name, "name": name, "version": version}},
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": [item["bom-ref"] for item in components]}],
    }


def run(arguments: Sequence[str], _environment: Mapping[str, str], out: TextIO) -> int:
    """Print the bill of materials of lock files."""
    parser = argparse.ArgumentParser(prog="python -m k8s.operations sbom", description=run.__doc__)
    parser.add_argument("lock", nargs="+", type=Path, help="such as requirements/gateway.txt requirements/detector.txt")
    parser.add_argument("--name", required=True, help="of the image")
    parser.add_argument("--version", required=True, help="of the release")
    options = parser.parse_args(arguments)
    try:
        texts = [path.read_text(encoding="utf-8") for path in options.lock]
    except OSError as error:
        message = f"A lock file cannot be read ({error})."
        raise LockUnreadable(message) from None
    json.dump(bill_of_materials(options.name, options.version, texts), out, indent=1)
    out.write("\n")
    return 0


def _component(name: str, version: str, hashes: list[str]) -> Component:
    url = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": version,
        "purl": url,
        "properties": [{"name": "symmetra:lock:sha256", "value": value} for value in sorted(hashes)],
    }
