"""What preflight knows of a cluster: plain JSON, collected with kubectl, so that every check can be tried on a file."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from k8s.operations.errors import KubectlFailed
from k8s.operations.kubectl import Kubectl

_KEYS_TEMPLATE: Final = '{{range .items}}{{.metadata.name}}{{"\\t"}}{{.type}}{{range $key, $value := .data}}{{"\\t"}}{{$key}}{{end}}{{"\\n"}}{{end}}'
"""Names, types and keys of Secrets; their values never leave the cluster."""
APPLY_SECONDS: Final = 180.0
_REFUSAL: Final = re.compile(r"^(?:Error from server|The |error:)|^[^{].* is (?:invalid|forbidden)")
"""Lines of kubectl that refuse something; between them it prints patches and names of objects."""
_OF_THE_NODE: Final = ("kube-", "etcd", "cilium", "calico", "canal", "flannel")
"""How names of pods begin that are on the network of their nodes and no ingress controller: the cluster's own, and network plugins."""


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """One cluster at one moment.

    Attributes:
        version: Of the API server, like v1.34.2.
        namespace: Where the site installs.
        nodes, storage_classes, runtime_classes, ingress_classes, namespaces, operators: Objects as kubectl prints them; operators are
            those of kind Prometheus.
        api_groups: Names of the API groups that the cluster serves.
        agents: Names of all DaemonSets, by which a network plugin is known.
        secrets: Type and keys of each Secret of the namespace, by name.
        config_maps: Data of the ConfigMaps that the overlay names, by name.
        host_network: Names of pods in the ingress controller's namespace that are on the network of their nodes and may be the controller.
        refusals: What the API server, or kubectl, said against a server-side dry run of `kubectl apply`, line by line.
        reach: What the Job saw from inside, as `reach.look` returns it; empty where it did not run.
        job_error: Why the Job did not run to its end.
    """

    version: str
    namespace: str
    nodes: list[dict[str, Any]] = field(default_factory=list)
    storage_classes: list[dict[str, Any]] = field(default_factory=list)
    runtime_classes: list[dict[str, Any]] = field(default_factory=list)
    ingress_classes: list[dict[str, Any]] = field(default_factory=list)
    namespaces: list[dict[str, Any]] = field(default_factory=list)
    operators: list[dict[str, Any]] = field(default_factory=list)
    api_groups: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    config_maps: dict[str, dict[str, str]] = field(default_factory=dict)
    host_network: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    reach: list[dict[str, Any]] = field(default_factory=list)
    job_error: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `as_json` wrote."""
        return cls(**json.loads(text))

    @property
    def has_namespace(self) -> bool:
        """Whether the site's own is there."""
        return self.namespace in {item["metadata"]["name"] for item in self.namespaces}


def try_applying(kubectl: Kubectl, folder: Path) -> list[str]:
    """What the API server would say against applying an overlay; it changes nothing."""
    try:
        kubectl.text(["apply", "--dry-run=server", "-k", str(folder)], timeout_seconds=APPLY_SECONDS)
    except KubectlFailed as error:
        # Without a colon it is not the server who speaks: there was no answer in time.
        words = str(error).partition(": ")[2] or str(error)
        lines = [line for line in words.splitlines() if line.strip() and not line.startswith("Warning:")]
        return [line for line in lines if _REFUSAL.search(line)] or lines or [str(error)]
    return []


def collect(kubectl: Kubectl, config_maps: frozenset[str], ingress_namespace: str) -> ClusterFacts:
    """Ask the cluster; reads only.

    Args:
        kubectl: Of the namespace.
        config_maps: Names of those that are wanted.
        ingress_namespace: Where the ingress controller runs.

    Raises:
        KubectlFailed: the cluster cannot be asked.
    """
    maps: dict[str, dict[str, str]] = {}
    for name in sorted(config_maps):
        with contextlib.suppress(KubectlFailed):
            found = kubectl.json(["get", "configmap", name, "--namespace", kubectl.namespace])
            maps[name] = found.get("data", {})
    versions = kubectl.text(["api-versions"]).split()
    return ClusterFacts(
        version=kubectl.json(["version"])["serverVersion"]["gitVersion"],
        namespace=kubectl.namespace,
        nodes=kubectl.items("nodes"),
        storage_classes=kubectl.items("storageclasses"),
        runtime_classes=kubectl.items("runtimeclasses"),
        ingress_classes=kubectl.items("ingressclasses"),
        namespaces=kubectl.items("namespaces"),
        operators=kubectl.items("prometheuses.monitoring.coreos.com", everywhere=True, absent_is_empty=True),
        api_groups=sorted({version.partition("/")[0] for version in versions if "/" in version}),
        agents=sorted(item["metadata"]["name"] for item in kubectl.items("daemonsets", everywhere=True)),
        secrets=_secrets(kubectl),
        config_maps=maps,
        host_network=_on_host_network(kubectl, ingress_namespace),
    )


def _on_host_network(kubectl: Kubectl, namespace: str) -> list[str]:
    pods = kubectl.json(["get", "pods", "--namespace", namespace])["items"]
    return sorted(
        pod["metadata"]["name"]
        for pod in pods
        if pod["spec"].get("hostNetwork")
        and not pod["metadata"]["name"].startswith(_OF_THE_NODE)
        # A static pod.
        and "Node" not in {owner["kind"] for owner in pod["metadata"].get("ownerReferences", [])}
    )


def _secrets(kubectl: Kubectl) -> dict[str, dict[str, Any]]:
    listed = kubectl.text(["get", "secrets", "--namespace", kubectl.namespace, "-o", f"go-template={_KEYS_TEMPLATE}"])
    found = {}
    for line in listed.splitlines():
        name, kind, *keys = line.split("\t")
        found[name] = {"type": kind, "keys": keys}
    return found
