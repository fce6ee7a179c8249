"""Checks of the cluster itself: version, namespace, network plugin, Secrets, ConfigMaps, ingress, custom resources, ranges."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from k8s.operations.finding import Finding, Level
from k8s.operations.overlay import Needs
from k8s.operations.preflight.facts import ClusterFacts
from k8s.operations.preflight.job import PROVIDER_PORT
from k8s.operations.site_file import Site

OLDEST_MINOR: Final = 30
NEWEST_MINOR: Final = 36
"""The manifests are validated against the schemas of these versions (k8s/SIZING.md)."""

ENFORCING: Final = (
    "calico",
    "cilium",
    "antrea",
    "canal",
    "kube-router",
    "ovnkube",
    "ovn",
    "weave",
    "romana",
    "kindnet",
    "aws-node",
    "azure-npm",
)
"""Parts of the names of DaemonSets whose network plugin enforces NetworkPolicies (aws-node only where it is switched on)."""
WIDE_BITS: Final = 17
"""More addresses than 2^16: more than an ingress controller, and pods of one cluster's usual range, have."""
MAX_WORDS: Final = 300
PATCH_FOLLOWS: Final = "error when applying patch:"
"""How a line ends that names no object yet: the patch follows, and then what was said against it."""
NOT_ENFORCING: Final = ("flannel",)

KEYS_OF_SECRETS: Final = {
    "symmetra-session-key": ("session.key",),
    "symmetra-record-key": ("record.key",),
    "symmetra-records": ("url",),
    "symmetra-api-keys": ("api-keys.json",),
    "symmetra-oidc-client": ("client-secret",),
    "symmetra-sentinel-key": ("key",),
    "symmetra-tls": ("tls.crt", "tls.key"),
    "symmetra-model-server-tls": ("tls.crt", "tls.key", "ca.crt"),
    "symmetra-model-server-client-tls": ("tls.crt", "tls.key", "ca.crt"),
}
CUSTOM_RESOURCES: Final = {
    "monitoring.coreos.com": "the Prometheus operator",
    "cert-manager.io": "cert-manager",
    "gateway.networking.k8s.io": "the Gateway API",
    "keda.sh": "KEDA",
}


def check_placeholders(site: Site, _needs: Needs, _facts: ClusterFacts) -> Iterator[Finding]:
    """Values that are still the template's."""
    if keys := site.placeholders():
        yield Finding(
            "site file",
            f"{', '.join(keys)}: still the template's {'value' if len(keys) == 1 else 'values'}; write your own into site/site.env.",
        )


def check_version(_site: Site, _needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """A Kubernetes that the manifests were validated for."""
    found = re.match(r"v1\.(\d+)", facts.version)
    if found is None or int(found[1]) < OLDEST_MINOR:
        yield Finding(
            "Kubernetes version",
            f"The cluster runs {facts.version}, and the manifests need 1.{OLDEST_MINOR} or newer; upgrade the cluster first.",
        )
    elif int(found[1]) > NEWEST_MINOR:
        yield Finding(
            "Kubernetes version",
            f"The cluster runs {facts.version}, newer than 1.{NEWEST_MINOR}, which is the newest that the manifests were validated for.",
            Level.NOTE,
        )


def check_namespace(_site: Site, _needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """The namespace itself: Secrets and the CA bundle must be in it before anything starts."""
    if not facts.has_namespace:
        yield Finding(
            "namespaces",
            f"There is no namespace {facts.namespace}, and the Secrets must be there before anything starts; make it with `kubectl create namespace {facts.namespace}`.",
        )


def check_network_policies(_site: Site, _needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """A network plugin that enforces NetworkPolicies: without one every pod reaches the model server, which knows no callers."""
    if any(part in agent for agent in facts.agents for part in ENFORCING):
        return
    if any(part in agent for agent in facts.agents for part in NOT_ENFORCING):
        yield Finding(
            "network policies",
            "The network plugin (flannel) ignores NetworkPolicies, so any pod could replace the served model; install one that enforces them, such as Calico or Cilium.",
        )
    else:
        yield Finding(
            "network policies",
            "No network plugin that is known to enforce NetworkPolicies was found among the DaemonSets; ask who runs the cluster whether a default-deny policy takes effect.",
            Level.NOTE,
        )


def check_secrets(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """Every Secret that the manifests name, with the keys that they read."""
    wanted = needs.secrets | {site["pull_secret"]}
    missing = sorted(wanted - facts.secrets.keys())
    if missing:
        yield Finding(
            "Secrets",
            f"Missing in the namespace: {', '.join(missing)}; `python -m k8s.operations secrets` makes those that can be made, k8s/README.md says how the others are.",
        )
    for name in sorted(wanted & facts.secrets.keys()):
        lacking = [key for key in KEYS_OF_SECRETS.get(name, ()) if key not in facts.secrets[name]["keys"]]
        if lacking:
            yield Finding(
                "Secrets",
                f"The Secret {name} has no key {' and no key '.join(lacking)}; make it again as k8s/README.md says.",
            )
    pull = facts.secrets.get(site["pull_secret"])
    if pull and pull["type"] != "kubernetes.io/dockerconfigjson":
        yield Finding(
            "Secrets",
            f"The Secret {site['pull_secret']} is of type {pull['type']}, and images are pulled with kubernetes.io/dockerconfigjson; make it with `kubectl create secret docker-registry`.",
        )


def check_config_maps(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """Every ConfigMap that the manifests name and do not make; the CA bundle has a check of its own."""
    missing = sorted(needs.config_maps - facts.config_maps.keys() - {site["ca_bundle"], "kube-root-ca.crt"})
    if missing:
        yield Finding(
            "ConfigMaps", f"Missing in the namespace: {', '.join(missing)}; k8s/README.md says what belongs into them."
        )


def check_ingress(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """The ingress controller's class and namespace."""
    classes = [item["metadata"]["name"] for item in facts.ingress_classes]
    if needs.ingress and site["ingress_class"] not in classes:
        yield Finding(
            "ingress",
            f"There is no IngressClass {site['ingress_class']} (there is: {', '.join(classes) or 'none'}); set SITE_INGRESS_CLASS.",
        )
    for key in ("ingress_namespace", "prometheus_namespace"):
        if site[key] not in {item["metadata"]["name"] for item in facts.namespaces}:
            yield Finding(
                "namespaces",
                f"There is no namespace {site[key]}, so nothing from there would be let in; set SITE_{key.upper()}.",
            )


def check_custom_resources(_site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """What components of the overlay ask for beyond plain Kubernetes."""
    for group in sorted(needs.groups - set(facts.api_groups)):
        yield Finding(
            "custom resources",
            f"The overlay uses {group}, which this cluster does not know; install {CUSTOM_RESOURCES[group]}, or leave that component out.",
        )


def check_processor_time(_site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """metrics-server, where an autoscaler goes by processor time."""
    if needs.processor_time and "metrics.k8s.io" not in facts.api_groups:
        yield Finding(
            "autoscaling",
            "The autoscaler goes by processor time, and nothing in this cluster measures it; install metrics-server, or use the component hpa-in-flight or keda.",
        )


def check_host_network(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """An ingress controller on the network of its nodes calls from an address that no selector of pods knows."""
    if (needs.ingress or needs.http_route) and facts.host_network and not needs.from_nodes:
        # Beside the cluster's own pods nobody can tell by a name which one is the controller.
        is_certain = site["ingress_namespace"] != "kube-system"
        yield Finding(
            "ingress",
            f"{'The' if is_certain else 'What may be the'} ingress controller is on the network of its nodes ({facts.host_network[0]}), and the network policies would not let it in; add the component ingress-host-network, and name its nodes in SITE_INGRESS_RANGE: their addresses as pods see them, tunnel addresses included (Cilium: policy-cidr-match-mode=nodes).",
            Level.PROBLEM if is_certain else Level.NOTE,
        )


def check_refusals(_site: Site, _needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """What the API server says against applying the overlay; kinds that it does not know have a check of their own."""
    for line in facts.refusals:
        if "no matches for kind" in line or line.startswith("ensure CRDs") or line.endswith(PATCH_FOLLOWS):
            continue
        # Of one error kubectl says `The Job "NAME" is invalid: ...`; of several it prints patch and answer of each.
        job = re.search(r'Job(?:\.batch)? "([^"]+)" is invalid:.*immutable', line)
        if job:
            yield Finding(
                "Jobs",
                f"The Job {job[1]} is there already, made from another image or another release, and no Job can be changed; take it away with `kubectl delete job {job[1]} --namespace {facts.namespace}`, and the next apply makes it anew.",
            )
        else:
            words = re.sub(r'^for: "[^"]*": (?:error when \w+ "[^"]*": )?', "", line)
            # kubectl's own words: there was no answer in time.
            fault = (
                "Whether applying would be refused is not known"
                if line.startswith("kubectl ")
                else "Applying would be refused"
            )
            yield Finding("API server", f"{fault}: {words.rstrip('.')[:MAX_WORDS]}.")


def check_ranges(site: Site, _needs: Needs, _facts: ClusterFacts) -> Iterator[Finding]:
    """Ranges that let everybody out, or in, are no ranges; and the policy knows one port of the identity provider."""
    port = urlsplit(site["oidc_issuer"]).port or PROVIDER_PORT
    if port != PROVIDER_PORT:
        yield Finding(
            "ranges",
            f"SITE_OIDC_ISSUER names port {port}, and the network policies let gateways reach {PROVIDER_PORT} only; patch the port of the NetworkPolicy gateway-to-identity-provider in the overlay.",
            Level.NOTE,
        )
    believed = ipaddress.ip_network(site["ingress_range"])
    if WIDE_BITS <= believed.max_prefixlen - believed.prefixlen < believed.max_prefixlen:
        yield Finding(
            "ranges",
            f"SITE_INGRESS_RANGE is {believed}, and whoever calls from there is believed to be a proxy: a client with an address in it can say that it is another; name the ingress controller's pods or nodes only.",
            Level.NOTE,
        )
    for key in ("oidc_range", "database_range", "ingress_range", "host_range"):
        if ipaddress.ip_network(site[key]).prefixlen == 0:
            yield Finding(
                "ranges",
                f"SITE_{key.upper()} is {site[key]}, which is every address there is; write the addresses that are meant.",
            )
