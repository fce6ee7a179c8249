"""Checks of the CA bundle: it is there, it holds certificates of authorities, and they have not expired."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping

from k8s.operations.finding import Finding
from k8s.operations.overlay import Needs
from k8s.operations.preflight.facts import ClusterFacts
from k8s.operations.site_file import Site


def check_ca_bundle(site: Site, _needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """The ConfigMap with what outbound TLS trusts."""
    name = site["ca_bundle"]
    if name not in facts.config_maps:
        yield Finding(
            "CA bundle",
            f"There is no ConfigMap {name} in the namespace; make it with `kubectl create configmap {name} --from-file=ca.crt=YOUR_BUNDLE.pem`.",
        )
        return
    text = facts.config_maps[name].get("ca.crt", "")
    if not text:
        yield Finding(
            "CA bundle",
            f"The ConfigMap {name} has no key ca.crt; make it again with --from-file=ca.crt=YOUR_BUNDLE.pem.",
        )
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        yield Finding(
            "CA bundle",
            f"ca.crt of the ConfigMap {name} holds no certificates in PEM; begin it with -----BEGIN CERTIFICATE-----.",
        )
        return
    authorities = context.get_ca_certs()
    if not authorities:
        yield Finding(
            "CA bundle",
            f"ca.crt of the ConfigMap {name} holds certificates of servers only; put those of the authorities that signed them there.",
        )
        return
    expired = [
        _subject(entry) for entry in authorities if ssl.cert_time_to_seconds(str(entry["notAfter"])) < time.time()
    ]
    if len(expired) == len(authorities):
        yield Finding(
            "CA bundle",
            f"Every certificate in ca.crt of the ConfigMap {name} has expired ({', '.join(expired)}); put the current ones there.",
        )


def _subject(entry: Mapping[str, object]) -> str:
    parts = entry.get("subject", ())
    names = dict(pair for group in parts for pair in group) if isinstance(parts, tuple) else {}
    return str(names.get("commonName", "without a name"))
