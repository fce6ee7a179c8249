"""Keys and certificates for one test run, made by the openssl program."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """PEM texts."""

    key: str
    certificate: str


def make_authority(folder: Path, name: str) -> Certificate:
    """A certificate authority of its own."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    _openssl("req", "-x509", *_new_key(key), "-out", certificate, "-subj", f"/CN={name}", "-days", "365")
    return Certificate(key.read_text(), certificate.read_text())


def make_certificate(folder: Path, name: str, authority: str, *, days: int = 2) -> Certificate:
    """A certificate for `localhost` and 127.0.0.1, signed by an authority that was made in the same folder.

    Where `days` is below 0 it is over.
    """
    key, asked, certificate = (folder / f"{name}.{ending}" for ending in ("key", "csr", "pem"))
    names = folder / f"{name}.names"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    _openssl("req", *_new_key(key), "-out", asked, "-subj", f"/CN={name}")
    signer = ("-CA", folder / f"{authority}.pem", "-CAkey", folder / f"{authority}.key", "-CAcreateserial")
    _openssl("x509", "-req", "-in", asked, *signer, "-out", certificate, "-days", str(days), "-extfile", names)
    return Certificate(key.read_text(), certificate.read_text())


def _new_key(path: Path) -> tuple[str | Path, ...]:
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
