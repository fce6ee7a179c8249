"""Names, labels, references: what must be stable, what must resolve, what must not be written down."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tests.support.manifests.objects import STABLE_LABELS, Object, name_of, of_kind, selects, strings, workloads

RECOMMENDED: Final = STABLE_LABELS | {"app.kubernetes.io/part-of", "app.kubernetes.io/version"}
MADE_BY_THE_SITE: Final = {
    "ConfigMap": {"symmetra-ca"},
    "Secret": {
        "symmetra-alertmanager",
        "symmetra-api-keys",
        "symmetra-load-test-key",
        "symmetra-model-server-client-tls",
        "symmetra-model-server-tls",
        "symmetra-oidc-client",
        "symmetra-record-key",
        "symmetra-records",
        "symmetra-registry",
        "symmetra-sentinel-key",
        "symmetra-session-key",
        "symmetra-tls",
    },
}
"""What is there before anything is applied; `make preflight` names what is missing."""
PUBLIC_HOSTS: Final = re.compile(
    r"docker\.io|quay\.io|ghcr\.io|gcr\.io|registry\.k8s\.io|mcr\.microsoft\.com|nvcr\.io|public\.ecr\.aws|github\.com|pypi\.org"
)
_ADDRESS: Final = re.compile(r"https?://([^/:\s\"']+)")
_INSIDE: Final = re.compile(r".*\.(example|svc|svc\.cluster\.local)|localhost|127\.0\.0\.1|[a-z0-9-]+")
_SECRETIVE: Final = re.compile(
    r"BEGIN [A-Z ]*PRIVATE KEY|sym_[0-9A-Za-z]{12}_|://[^/@\s]+:[^/@\s]+@|(?i:password)\s*[:=]\s*\S"
)
SECRET_SETTINGS: Final = {"SYMMETRA_RECORDS_URL"}


def unlabelled(objects: Iterable[Object]) -> list[str]:
    """Objects and pod templates without the recommended labels."""
    objects = list(objects)
    found = [
        f"{name_of(each)}: no {label}"
        for each in objects
        for label in RECOMMENDED - set(each["metadata"].get("labels", {}))
    ]
    return found + [
        f"pods of {each.name}: no {label}" for each in workloads(objects) for label in RECOMMENDED - set(each.labels)
    ]


def unstable(objects: Iterable[Object]) -> list[str]:
    """Selectors that hold more than can never change, or that do not select their own pods; claims with moving labels inside."""
    found = []
    objects = list(objects)
    for each in workloads(objects):
        selector = each.owner["spec"].get("selector")
        if selector is None:
            continue
        if set(selector["matchLabels"]) != STABLE_LABELS or "matchExpressions" in selector:
            found.append(f"{each.name}: its selector is {selector}")
        if not selects(selector, each.labels):
            found.append(f"{each.name} does not select its own pods")
        if "volumeClaimTemplates" in each.owner["spec"]:
            found.append(f"{each.name}: volumeClaimTemplates can never be changed")
    plain = [(each, each["spec"]["selector"]) for each in of_kind(objects, "Service")]
    plain += [(each, each["spec"]["selector"]["matchLabels"]) for each in of_kind(objects, "PodDisruptionBudget")]
    found += [f"{name_of(each)}: its selector is {labels}" for each, labels in plain if set(labels) != STABLE_LABELS]
    return found


def unresolved(objects: Iterable[Object], extra: Iterable[str] = ()) -> list[str]:
    """References to ConfigMaps, Secrets, claims, accounts that are neither rendered nor made by the site."""
    objects = list(objects)
    there = {name_of(each) for each in objects} | {
        f"{kind}/{name}" for kind, names in MADE_BY_THE_SITE.items() for name in names
    }
    there |= set(extra)
    return [f"{place} needs {wanted}" for place, wanted in references(objects) if wanted not in there]


def references(objects: Iterable[Object]) -> list[tuple[str, str]]:
    """Who needs what, as `Kind/name`."""
    objects = list(objects)
    found: list[tuple[str, str]] = []
    for each in workloads(objects):
        found.append((each.name, f"ServiceAccount/{each.spec['serviceAccountName']}"))
        if "priorityClassName" in each.spec:
            found.append((each.name, f"PriorityClass/{each.spec['priorityClassName']}"))
        for volume in each.spec.get("volumes", []):
            for kind, field, name in (
                ("ConfigMap", "configMap", "name"),
                ("Secret", "secret", "secretName"),
                ("PersistentVolumeClaim", "persistentVolumeClaim", "claimName"),
            ):
                if field in volume:
                    found.append((each.name, f"{kind}/{volume[field][name]}"))
        for container in each.containers():
            found += [
                (each.name, f"ConfigMap/{source['configMapRef']['name']}") for source in container.get("envFrom", [])
            ]
            for variable in container.get("env", []):
                if "secretKeyRef" in variable.get("valueFrom", {}):
                    found.append((each.name, f"Secret/{variable['valueFrom']['secretKeyRef']['name']}"))
    for account in of_kind(objects, "ServiceAccount"):
        found += [(name_of(account), f"Secret/{secret['name']}") for secret in account.get("imagePullSecrets", [])]
    for ingress in of_kind(objects, "Ingress"):
        found += [(name_of(ingress), f"Secret/{entry['secretName']}") for entry in ingress["spec"]["tls"]]
    return found


def unused(objects: Iterable[Object]) -> list[str]:
    """ConfigMaps, claims and accounts of ours that nothing refers to."""
    objects = list(objects)
    used = {wanted for _, wanted in references(objects)}
    return [
        name_of(each)
        for each in of_kind(objects, "ConfigMap", "PersistentVolumeClaim", "ServiceAccount")
        if name_of(each) not in used
        and "grafana_dashboard" not in each["metadata"]["labels"]
        and each["metadata"]["name"] not in {"symmetra-site", "prometheus-adapter-rules"}
    ]


def with_secrets(objects: Iterable[Object]) -> list[str]:
    """Secrets that are written down, in whatever object; settings with a secret that are no reference."""
    objects = list(objects)
    found = [f"{name_of(each)} is in the manifests" for each in of_kind(objects, "Secret")]
    found += [f"{name_of(each)}: {text[:60]}" for each in objects for text in strings(each) if _SECRETIVE.search(text)]
    for each in workloads(objects):
        found += [
            f"{each.name}: {variable['name']} is written down"
            for container in each.containers()
            for variable in container.get("env", [])
            if variable["name"] in SECRET_SETTINGS and not str(variable.get("value", "sqlite:")).startswith("sqlite:")
        ]
        found += [
            f"{each.name}: the Secret in {volume['name']} can be read by others"
            for volume in each.spec.get("volumes", [])
            if "secret" in volume and volume["secret"].get("defaultMode") not in (0o400, 0o440)
        ]
    return found


def outside(objects: Iterable[Object]) -> list[str]:
    """Addresses of the internet, in whatever a program is told; images from public hosts."""
    found = []
    for each in objects:
        told = each if each["kind"] != "PrometheusRule" else {}
        for text in strings(told):
            found += [f"{name_of(each)}: {host}" for host in _ADDRESS.findall(text) if not _INSIDE.fullmatch(host)]
            found += [f"{name_of(each)}: {match}" for match in PUBLIC_HOSTS.findall(text)]
    return found


def unpinned(images: Iterable[str]) -> list[str]:
    """Images without a tag or digest, with one that moves, or without a host."""
    found = []
    for image in images:
        host, _, rest = image.partition("/")
        tag = rest.rpartition("@")[2] if "@" in rest else rest.rpartition(":")[2] if ":" in rest else ""
        if "." not in host:
            found.append(f"{image} says not where it comes from")
        if not tag or tag in {"latest", "main", "nightly", "stable"}:
            found.append(f"{image} is not pinned")
    return found
