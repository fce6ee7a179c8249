"""The site file: what a hospital says of itself in one place, read by the manifests, by preflight and by doctor.

`k8s/overlays/site-template/site/site.env` has every key with its meaning; here is what each value must look like.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from k8s.operations.errors import SiteFileInvalid

INTENDED_USES: Final = ("research", "clinical_decision_support_triage", "demonstration")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_RESOURCE: Final = re.compile(r"[a-z0-9.-]+/[A-Za-z0-9._-]+")
_KEY_VALUE: Final = re.compile(r"(?:[a-z0-9.-]+/)?[A-Za-z0-9][A-Za-z0-9._-]*=[A-Za-z0-9._-]*")
_REGISTRY: Final = re.compile(r"[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9._/-]*[a-z0-9])?")
EXAMPLE_RANGE: Final = ipaddress.ip_network("192.0.2.0/24")
"""Kept free for documentation by RFC 5737; the template uses them."""


def _host(value: str) -> str:
    return "" if _HOST.fullmatch(value) else "must be a host name, without https:// and without a path"


def _name(value: str) -> str:
    return "" if _NAME.fullmatch(value) else "must be the name of a Kubernetes object: lower case, digits, - and ."


def _intended_use(value: str) -> str:
    return "" if value in INTENDED_USES else f"must be one of {', '.join(INTENDED_USES)}"


def _registry(value: str) -> str:
    return (
        "" if _REGISTRY.fullmatch(value) else "must be HOST, HOST:PORT or HOST/PATH, without https:// and without a tag"
    )


def _resource(value: str) -> str:
    return "" if _RESOURCE.fullmatch(value) else "must be the name of a resource, like nvidia.com/gpu"


def _key_value(value: str) -> str:
    return "" if _KEY_VALUE.fullmatch(value) else "must be KEY=VALUE"


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname:
        return "must begin with https://"
    return "must not end in a slash: tokens name it without" if value.endswith("/") else ""


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must begin with http:// or https://"
    return "" if parts.port else "must name its port, like http://prometheus.monitoring.svc:9090"


def _host_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    return "" if _HOST.fullmatch(host) and port.isdigit() else "must be HOST:PORT"


def _version(value: str) -> str:
    return "" if re.fullmatch(r"[1-9][0-9]*", value) else "must be the number of a model version, like 2"


def _range(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return "must be a range of addresses like 10.1.2.0/24, or one address like 10.1.2.3/32, with no bits set behind the mask"
    return "" if "/" in value else f"must have a mask: {value}/32 for this one address"


KEYS: Final[Mapping[str, Callable[[str], str]]] = {
    "SITE_HOST": _host,
    "SITE_INTENDED_USE": _intended_use,
    "SITE_REGISTRY": _registry,
    "SITE_PULL_SECRET": _name,
    "SITE_MODEL_VERSION": _version,
    "SITE_STORAGE_CLASS": _name,
    "SITE_GPU_RESOURCE": _resource,
    "SITE_GPU_SELECTOR": _key_value,
    "SITE_GPU_RUNTIME_CLASS": _name,
    "SITE_OIDC_ISSUER": _issuer,
    "SITE_OIDC_RANGE": _range,
    "SITE_DATABASE": _host_port,
    "SITE_DATABASE_RANGE": _range,
    "SITE_PROMETHEUS_URL": _url,
    "SITE_PROMETHEUS_NAMESPACE": _name,
    "SITE_PROMETHEUS_LABEL": _key_value,
    "SITE_INGRESS_CLASS": _name,
    "SITE_INGRESS_NAMESPACE": _name,
    "SITE_INGRESS_RANGE": _range,
    "SITE_HOST_RANGE": _range,
    "SITE_CA_BUNDLE": _name,
}
"""Every key, with what says why a value cannot be right ("" where it can)."""


@dataclass(frozen=True, slots=True)
class Site:
    """The values of one site file, each of the right form.

    Attributes:
        values: By key.
    """

    values: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a site file.

        Raises:
            SiteFileInvalid: it is not there, or a line, a key or a value is wrong; all mistakes at once.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            message = f"The site file {path} cannot be read ({error}); copy k8s/overlays/site-template and edit site/site.env."
            raise SiteFileInvalid(message) from None
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a site file.

        Raises:
            SiteFileInvalid: a line, a key or a value is wrong.
        """
        values: dict[str, str] = {}
        mistakes: list[str] = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            key, separator, value = line.partition("=")
            if not separator or key != key.strip() or value != value.strip() or value[:1] in {'"', "'"}:
                mistakes.append(f"Line {number}: write KEY=VALUE, without quotes and without blanks around the sign.")
            elif key not in KEYS:
                mistakes.append(f"{key}: no such key; the template has them all.")
            elif key in values:
                mistakes.append(f"{key}: stands there twice; keep one.")
            else:
                values[key] = value
        for key, why in KEYS.items():
            if key not in values or not values[key]:
                mistakes.append(f"{key}: has no value; the template says what belongs there.")
            elif says := why(values[key]):
                mistakes.append(f"{key}: {values[key]!r} {says}.")
        if mistakes:
            raise SiteFileInvalid("\n".join(mistakes))
        return cls(values)

    def __getitem__(self, key: str) -> str:
        """The value of a key without its prefix, in lower case: `site["oidc_issuer"]`."""
        return self.values[f"SITE_{key.upper()}"]

    def pair(self, key: str) -> tuple[str, str]:
        """A value KEY=VALUE in its two parts."""
        name, _, value = self[key].partition("=")
        return name, value

    def placeholders(self) -> list[str]:
        """Keys whose values are still the template's: host names and addresses that exist nowhere."""
        found = []
        for key, value in self.values.items():
            example = ".example" in f"{value}/" and re.search(r"\.example(?![a-z0-9.-])", value) is not None
            if KEYS[key] is _range:
                example = ipaddress.ip_network(value)[0] in EXAMPLE_RANGE
            if example:
                found.append(key)
        return found

    def image(self, name: str) -> str:
        """Where an image with this name and tag is in the site's registry."""
        return f"{self['registry']}/{name}"
