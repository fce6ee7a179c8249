"""Small OCI archives, right ones, made byte by byte: what an engine would write."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def descriptor(content: bytes, kind: str) -> dict[str, object]:
    return {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def write_archive(path: Path, layers: list[bytes], *, nested: bool = False) -> str:
    """Write one image; returns its digest. `nested` puts an index between, as builders with attestations do."""
    blobs: dict[str, bytes] = {}

    def keep(content: bytes, kind: str) -> dict[str, object]:
        described = descriptor(content, kind)
        blobs[str(described["digest"]).removeprefix("sha256:")] = content
        return described

    config = keep(
        json.dumps({"architecture": "amd64", "os": "linux"}).encode(), "application/vnd.oci.image.config.v1+json"
    )
    kept = [keep(layer, "application/vnd.oci.image.layer.v1.tar") for layer in layers]
    top = keep(
        json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": kept}).encode(), MANIFEST
    )
    if nested:
        top = keep(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [top]}).encode(), INDEX)
    files = {f"blobs/sha256/{name}": content for name, content in blobs.items()}
    files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()
    write_tar(path, files)
    return str(top["digest"])


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def read_tar(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}  # type: ignore[union-attr]
