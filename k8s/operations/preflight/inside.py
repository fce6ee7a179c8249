"""Checks of what the Job saw from inside: does it start at all, and does it reach what it must, with the right certificates?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any, Final

from k8s.operations.finding import Finding
from k8s.operations.overlay import Needs
from k8s.operations.preflight.facts import ClusterFacts
from k8s.operations.site_file import Site

RANGES: Final = {"identity provider": "oidc_range", "database": "database_range"}
KEYS: Final = {
    "identity provider": "SITE_OIDC_ISSUER",
    "database": "SITE_DATABASE",
    "Prometheus": "SITE_PROMETHEUS_URL",
}


def check_job(site: Site, _needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """The Job's pod: its image is pulled like every other one."""
    if not facts.job_error:
        return
    if "ImagePull" in facts.job_error:
        yield Finding(
            "registry",
            f"An image could not be pulled from {site['registry']} ({facts.job_error}); check SITE_REGISTRY, the Secret {site['pull_secret']}, and whether the bundle was loaded there.",
        )
    else:
        yield Finding(
            "preflight Job",
            f"The Job did not run to its end ({facts.job_error}), so nothing was seen from inside; look with `kubectl describe job symmetra-preflight`.",
        )


def check_targets(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """One sentence for each target that cannot be used, and one for each address outside its range."""
    for fact in facts.reach:
        outside = list(_check_range(site, fact))
        if fact["error"] == "connect" and outside:
            # The Job may go where the gateway may, so that is why.
            yield from outside
            continue
        if fact["error"]:
            yield Finding(
                f"route to the {fact['target']}" if fact["error"] != "tls" else "certificates", _sentence(site, fact)
            )
            continue
        if fact["target"] == "database" and not fact.get("tls", True) and not needs.database_in_clear:
            yield Finding(
                "database",
                f"The database at {site['database']} does not speak TLS, so no gateway would keep receipts in it; switch ssl on there.",
            )
        if fact["target"] == "identity provider" and fact.get("issuer") != site["oidc_issuer"]:
            yield Finding(
                "identity provider",
                f"The identity provider calls itself {fact.get('issuer') or 'nothing'}, and every token would be refused; set SITE_OIDC_ISSUER to exactly that.",
            )
        yield from outside


def _check_range(site: Site, fact: dict[str, Any]) -> Iterator[Finding]:
    key = RANGES.get(fact["target"])
    if key is None:
        return
    network = ipaddress.ip_network(site[key])
    outside = [text for text in fact["addresses"] if ipaddress.ip_address(text) not in network]
    if outside:
        yield Finding(
            "ranges",
            f"The {fact['target']} {fact['host']} is at {', '.join(outside)}, outside SITE_{key.upper()} ({site[key]}), so the network policies would not let the gateway reach it; widen the range.",
        )


def _sentence(site: Site, fact: dict[str, Any]) -> str:
    where = f"{fact['host']}:{fact['port']}"
    match fact["error"]:
        case "dns":
            return f"Pods cannot find the name of the {fact['target']} ({fact['host']}); correct {KEYS[fact['target']]}, or make the cluster's name server know it."
        case "connect":
            return f"Pods have no route to the {fact['target']} at {where} ({fact['detail']}); open the firewall for the cluster's addresses, or correct {KEYS[fact['target']]}."
        case "tls":
            return f"The certificate of the {fact['target']} at {where} is not trusted ({fact['detail']}); put the authority that signed it into ca.crt of the ConfigMap {site['ca_bundle']}."
        case _:
            return f"What answers at {where} is not the {fact['target']} ({fact['detail']}); correct {KEYS[fact['target']]}."
