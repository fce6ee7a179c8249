"""`python -m k8s.operations secrets` and `... keys`."""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO
from urllib.parse import urlsplit

from k8s.operations.errors import KubectlFailed, OperationError
from k8s.operations.kubectl import Kubectl
from k8s.operations.overlay import Overlay, read_namespace
from k8s.operations.site_file import Site
from k8s.operations.site_secrets import api_keys

KEY_BYTES: Final = 32
API_KEYS: Final = "symmetra-api-keys"
KEPT_LINES: Final = {"symmetra-session-key": 2, "symmetra-record-key": None}
"""How many keys a Secret keeps at a rotation: a session needs the one before, records need every one that ever made any."""
TRAFFIC: Final = ("patient", "sentinel", "loadtest")
DOCKER_CONFIG: Final = "kubernetes.io/dockerconfigjson"
POSTGRESQL_PORT: Final = 5432
"""Of a URL without one."""


class FileUnreadable(OperationError):
    """A file that should become a Secret cannot be read."""


class DatabaseUnlike(OperationError):
    """The Secret would name another database than the site file."""


def run(arguments: Sequence[str], _environment: Mapping[str, str], out: TextIO) -> int:
    """Make the Secrets and the CA bundle that are missing; what is there is never changed."""
    parser = _parser("secrets", run.__doc__)
    parser.add_argument(
        "--first-key-file",
        type=Path,
        metavar="FILE",
        help="new file for the first caller's API key, shown nowhere else",
    )
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="authorities that outbound TLS trusts")
    parser.add_argument(
        "--database-url-file", type=Path, metavar="FILE", help="one line, postgresql+pg8000://USER:PASSWORD@HOST/NAME"
    )
    parser.add_argument(
        "--oidc-client-secret-file", type=Path, metavar="FILE", help="one line, from the identity provider"
    )
    parser.add_argument("--registry-config", type=Path, metavar="JSON", help="what docker login or podman login wrote")
    parser.add_argument(
        "--tls-certificate",
        type=Path,
        metavar="PEM",
        help="for SITE_HOST, with --tls-key; not where cert-manager makes it",
    )
    parser.add_argument("--tls-key", type=Path, metavar="PEM")
    parser.add_argument(
        "--rotate", choices=sorted(KEPT_LINES), help="write a new first line into this Secret instead, and make nothing"
    )
    options = parser.parse_args(arguments)
    namespace = read_namespace(options.overlay)
    kubectl = Kubectl(namespace, options.context)
    if options.rotate:
        return _rotate(kubectl, options.rotate, out)
    there = set(kubectl.text(["get", "secrets", "--namespace", namespace, "-o", "name"]).split())
    if options.database_url_file:
        _require_the_sites_database(_read(options.database_url_file).strip(), _site(options))
    wanted = _wanted(options, kubectl, there)
    for item in wanted:
        name = item["metadata"]["name"]
        kubectl.text(["create", "--namespace", namespace, "-f", "-"], given=json.dumps(item))
        out.write(f"made {item['kind']} {name}\n")
    if options.ca_file and not any(item["kind"] == "ConfigMap" for item in wanted):
        bundle = _site(options)["ca_bundle"]
        out.write(
            f"left the ConfigMap {bundle} as it was; where {options.ca_file} is a newer one: kubectl create configmap {bundle} "
            f"--from-file=ca.crt={options.ca_file} --namespace {namespace} --dry-run=client -o yaml | kubectl apply -f -\n"
        )
    out.write(
        "Keep a copy of symmetra-record-key in a safe place: without it no subject's records can be found or erased, and no audit trail verified.\n"
    )
    return 0


def _rotate(kubectl: Kubectl, name: str, out: TextIO) -> int:
    """A new first line; the lines before it go on being tried, so that what was made with them is still known."""
    secret = kubectl.json(["get", "secret", name, "--namespace", kubectl.namespace])
    (field,) = secret["data"]
    lines = base64.b64decode(secret["data"][field]).decode().split()
    kept = [secrets.token_hex(KEY_BYTES), *lines][: KEPT_LINES[name]]
    secret["data"][field] = _encoded("".join(f"{line}\n" for line in kept))
    kubectl.text(["replace", "--namespace", kubectl.namespace, "-f", "-"], given=json.dumps(secret))
    out.write(
        f"{name} has a new first line. Restart the gateways, so that they use it: kubectl rollout restart deployment/gateway\n"
    )
    return 0


def run_keys(arguments: Sequence[str], _environment: Mapping[str, str], out: TextIO) -> int:
    """Add, rotate or revoke an API key in the Secret that the gateways read; they see it within a minute, without a restart."""
    parser = _parser("keys", run_keys.__doc__)
    parser.add_argument("order", choices=("add", "rotate", "revoke"))
    parser.add_argument("--name", required=True, help="of the caller, such as ward-3")
    parser.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="SCOPE",
        help=f"of a new key (default: {', '.join(api_keys.PATIENT_SCOPES)})",
    )
    parser.add_argument("--traffic", choices=TRAFFIC, default="patient", help="class of a new key's traffic")
    options = parser.parse_args(arguments)
    namespace = read_namespace(options.overlay)
    kubectl = Kubectl(namespace, options.context)
    secret = kubectl.json(["get", "secret", API_KEYS, "--namespace", namespace])
    text = base64.b64decode(secret["data"]["api-keys.json"]).decode()
    now = datetime.now(UTC)
    key = ""
    match options.order:
        case "add":
            scopes = tuple(options.scope) or api_keys.PATIENT_SCOPES
            text, key = api_keys.add(text, options.name, scopes, (options.traffic,), now)
        case "rotate":
            text, key = api_keys.rotate(text, options.name, now)
        case _:
            text = api_keys.revoke(text, options.name, now)
    # With the version that was read: somebody who changed it meanwhile is not overwritten.
    secret["data"]["api-keys.json"] = _encoded(text)
    kubectl.text(["replace", "--namespace", namespace, "-f", "-"], given=json.dumps(secret))
    if key:
        out.write(f"{key}\n")
    return 0


def _parser(command: str, says: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m k8s.operations {command}", description=says)
    parser.add_argument(
        "--overlay", type=Path, required=True, metavar="DIR", help="the site's overlay, such as k8s/overlays/hospital"
    )
    parser.add_argument("--context", default="", help="of the kubeconfig (default: the current one)")
    return parser


def _wanted(options: argparse.Namespace, kubectl: Kubectl, there: set[str]) -> list[dict[str, Any]]:
    """What is missing and can be made, as objects."""
    items = []

    def add(name: str, data: Mapping[str, str], kind: str = "Opaque") -> None:
        if f"secret/{name}" not in there:
            items.append(_secret(name, data, kind))

    add("symmetra-session-key", {"session.key": secrets.token_hex(KEY_BYTES) + "\n"})
    add("symmetra-record-key", {"record.key": secrets.token_hex(KEY_BYTES) + "\n"})
    if f"secret/{API_KEYS}" not in there:
        if options.first_key_file is None:
            message = "Name a new file for the first caller's API key with --first-key-file; it is shown nowhere else."
            raise FileUnreadable(message)
        file, first, sentinel = api_keys.new_file(datetime.now(UTC))
        _write_private(options.first_key_file, first + "\n")
        add(API_KEYS, {"api-keys.json": file})
        add("symmetra-sentinel-key", {"key": sentinel + "\n"})
    if options.database_url_file:
        add("symmetra-records", {"url": _read(options.database_url_file).strip()})
    if options.oidc_client_secret_file:
        add("symmetra-oidc-client", {"client-secret": _read(options.oidc_client_secret_file).strip()})
    if options.registry_config:
        add(_site(options)["pull_secret"], {".dockerconfigjson": _read(options.registry_config)}, DOCKER_CONFIG)
    if options.tls_certificate and options.tls_key:
        add(
            "symmetra-tls",
            {"tls.crt": _read(options.tls_certificate), "tls.key": _read(options.tls_key)},
            "kubernetes.io/tls",
        )
    if options.ca_file and not _has_config_map(kubectl, name := _site(options)["ca_bundle"]):
        data = {"ca.crt": _read(options.ca_file)}
        items.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
    return items


def _require_the_sites_database(url: str, site: Site) -> None:
    """Check that gateways would ask the PostgreSQL that the policies open and preflight looks at; a URL's password is never shown.

    Raises:
        DatabaseUnlike: host or port differ, or there are none.
    """
    try:
        parts = urlsplit(url)
        named = f"{parts.hostname or ''}:{parts.port or POSTGRESQL_PORT}"
    except ValueError:
        named = ":"
    if named.startswith(":"):
        message = "The file of --database-url-file holds no URL like postgresql+pg8000://USER:PASSWORD@HOST/NAME."
        raise DatabaseUnlike(message)
    if named != site["database"].lower():
        message = f"The file of --database-url-file names {named}, and SITE_DATABASE is {site['database']}; correct the one that is wrong."
        raise DatabaseUnlike(message)


def _site(options: argparse.Namespace) -> Site:
    # Read only where it is needed: the overlay `local` has none.
    return Overlay.read(options.overlay).site


def _has_config_map(kubectl: Kubectl, name: str) -> bool:
    try:
        kubectl.text(["get", "configmap", name, "--namespace", kubectl.namespace])
    except KubectlFailed:
        return False
    return True


def _secret(name: str, data: Mapping[str, str], kind: str) -> dict[str, Any]:
    encoded = {key: _encoded(value) for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "data": encoded}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read ({error})."
        raise FileUnreadable(message) from None


def _write_private(path: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        message = f"{path} cannot be written ({error}); name a file that is not there yet."
        raise FileUnreadable(message) from None
