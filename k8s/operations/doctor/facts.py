"""What doctor knows of an installation: plain JSON, collected with kubectl, so that every check can be tried on a file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

from k8s.operations.errors import KubectlFailed
from k8s.operations.kubectl import Kubectl

Item = dict[str, Any]

_FETCH: Final = (
    "import sys, urllib.request, urllib.error\n"
    "try: print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())\n"
    "except urllib.error.HTTPError as error: print(error.read().decode())"
)
"""Runs in the container that is asked, where no network policy is in between; also the body of an error is an answer."""
_CORE_PATTERN: Final = "print(open('/proc/sys/kernel/core_pattern').read())"
_TRY: Final = (
    "import socket, sys\n"
    "try: socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3).close(); print('open')\n"
    "except OSError: print('closed')"
)
FORBIDDEN: Final = (("drift-controller", "model-server-all", 8500), ("sentinel", "model-server-all", 8500))
"""Component that must not reach a port: tried, because only the cluster's network says whether policies count."""
PAGES: Final = {
    "gateway": ("gateway", {"metrics": "http://127.0.0.1:9108/metrics", "model": "http://127.0.0.1:8080/readyz/model"}),
    "model-server": ("probe", {"metrics": "http://127.0.0.1:8502/metrics", "ready": "http://127.0.0.1:8502/readyz"}),
    "drift-controller": ("drift-controller", {"metrics": "http://127.0.0.1:9109/metrics"}),
}
"""Component -> container that is asked, and its pages."""
COMPONENT: Final = "app.kubernetes.io/component"


@dataclass(frozen=True, slots=True)
class InstallationFacts:
    """One installation at one moment.

    Attributes:
        namespace: The object.
        pods, deployments, stateful_sets, services, endpoint_slices, network_policies, autoscalers, claims: As kubectl prints them.
        settings: Data of the gateway's ConfigMap.
        pages: Answers by component, pod and page; a page that could not be had is "".
        core_patterns: kernel.core_pattern as each gateway and model server sees it, by pod.
        forbidden: What became of a connection that policies forbid, open or closed, by "who to where:port".
    """

    namespace: Item
    pods: list[Item] = field(default_factory=list)
    deployments: list[Item] = field(default_factory=list)
    stateful_sets: list[Item] = field(default_factory=list)
    services: list[Item] = field(default_factory=list)
    endpoint_slices: list[Item] = field(default_factory=list)
    network_policies: list[Item] = field(default_factory=list)
    autoscalers: list[Item] = field(default_factory=list)
    claims: list[Item] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    pages: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    core_patterns: dict[str, str] = field(default_factory=dict)
    forbidden: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what was kept of a collection."""
        return cls(**json.loads(text))

    def component_pods(self, component: str) -> list[Item]:
        """Pods of one component that are meant to run."""
        return [
            pod
            for pod in self.pods
            if pod["metadata"].get("labels", {}).get(COMPONENT) == component
            and "deletionTimestamp" not in pod["metadata"]
        ]

    def template(self, component: str) -> Item | None:
        """The pod specification of the workload of this name, if there is one."""
        for item in (*self.deployments, *self.stateful_sets):
            if item["metadata"]["name"] == component:
                spec: Item = item["spec"]["template"]["spec"]
                return spec
        return None

    def container(self, component: str, name: str) -> Item | None:
        """A container of a workload, if both are there."""
        template = self.template(component)
        return next((item for item in template["containers"] if item["name"] == name), None) if template else None

    def texts(self, component: str, page: str) -> dict[str, str]:
        """What each pod answered, where it answered, by pod."""
        return {pod: found[page] for pod, found in self.pages.get(component, {}).items() if found.get(page)}


def collect(kubectl: Kubectl) -> InstallationFacts:
    """Ask the cluster and every pod; changes nothing. Needs the verb `create` on pods/exec.

    Raises:
        KubectlFailed: the cluster cannot be asked.
    """
    pods = kubectl.items("pods")
    pages: dict[str, dict[str, dict[str, str]]] = {}
    patterns = {}
    for component, (container, urls) in PAGES.items():
        for pod in pods:
            if pod["metadata"].get("labels", {}).get(COMPONENT) != component or pod["status"].get("phase") != "Running":
                continue
            name = pod["metadata"]["name"]
            pages.setdefault(component, {})[name] = {
                page: _ask(kubectl, name, container, _FETCH, url) for page, url in urls.items()
            }
            if component != "drift-controller":
                patterns[name] = _ask(kubectl, name, container, _CORE_PATTERN).strip()
    return InstallationFacts(
        namespace=kubectl.json(["get", "namespace", kubectl.namespace]),
        pods=pods,
        deployments=kubectl.items("deployments"),
        stateful_sets=kubectl.items("statefulsets"),
        services=kubectl.items("services"),
        endpoint_slices=kubectl.items("endpointslices"),
        network_policies=kubectl.items("networkpolicies"),
        autoscalers=kubectl.items("horizontalpodautoscalers"),
        claims=kubectl.items("persistentvolumeclaims"),
        settings=_settings(kubectl),
        pages=pages,
        core_patterns=patterns,
        forbidden=_try_forbidden(kubectl, pods),
    )


def _try_forbidden(kubectl: Kubectl, pods: list[Item]) -> dict[str, str]:
    found = {}
    for component, host, port in FORBIDDEN:
        names = [
            pod["metadata"]["name"] for pod in pods if pod["metadata"].get("labels", {}).get(COMPONENT) == component
        ]
        if names:
            seen = _ask(kubectl, names[0], component, _TRY, host, str(port)).strip()
            found[f"{component} to {host}:{port}"] = seen
    return found


def _settings(kubectl: Kubectl) -> dict[str, str]:
    """Of the ConfigMap that the gateways of now read, whose name ends in a digest; older ones stay for a roll back."""
    gateway = kubectl.json(["get", "deployment", "gateway", "--namespace", kubectl.namespace])
    data: dict[str, str] = {}
    for container in gateway["spec"]["template"]["spec"]["containers"]:
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                name = source["configMapRef"]["name"]
                data |= kubectl.json(["get", "configmap", name, "--namespace", kubectl.namespace]).get("data", {})
    return data


def _ask(kubectl: Kubectl, pod: str, container: str, program: str, *arguments: str) -> str:
    command = ["exec", pod, "--namespace", kubectl.namespace, "--container", container, "--", "python", "-c", program]
    try:
        return kubectl.text([*command, *arguments])
    except KubectlFailed:
        return ""
