"""Checks of GPU nodes: the label, the resource, the taints, the RuntimeClass. Only where the overlay asks for a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from k8s.operations.finding import Finding
from k8s.operations.overlay import Needs
from k8s.operations.preflight.facts import ClusterFacts
from k8s.operations.site_file import Site

HARMLESS_TAINTS: Final = ("node.kubernetes.io/",)


def check_gpu(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """A node with the site's label that offers the site's resource and lets the model server in."""
    if not needs.gpu:
        return
    resource, (key, value) = site["gpu_resource"], site.pair("gpu_selector")
    labelled = [node for node in facts.nodes if node["metadata"].get("labels", {}).get(key) == value]
    offering = [node for node in facts.nodes if _offers(node, resource)]
    if not labelled:
        where = (
            f"; {', '.join(node['metadata']['name'] for node in offering)} offers {resource} without it"
            if offering
            else ""
        )
        yield Finding(
            "GPU label", f"No node has the label {key}={value}{where}; label the GPU nodes, or set SITE_GPU_SELECTOR."
        )
    elif not any(_offers(node, resource) for node in labelled):
        offered = sorted(
            {
                name
                for node in labelled
                for name in node["status"].get("allocatable", {})
                if name.startswith(f"{resource.partition('/')[0]}/")
            }
        )
        yield Finding(
            "GPU resource",
            f"No node with {key}={value} offers {resource} (they offer: {', '.join(offered) or 'no GPU'}); install the device plugin, or set SITE_GPU_RESOURCE.",
        )
    else:
        names = {resource, "nvidia.com/gpu"}
        closed = [
            taint["key"]
            for node in labelled
            for taint in node["spec"].get("taints", [])
            if taint["effect"] != "PreferNoSchedule"
            and taint["key"] not in names
            and not taint["key"].startswith(HARMLESS_TAINTS)
        ]
        if closed and all(_tainted(node, closed) for node in labelled):
            yield Finding(
                "GPU taint",
                f"Every node with {key}={value} has a taint that the model server does not tolerate ({', '.join(sorted(set(closed)))}); add a toleration in the overlay, next to the one of the component gpu.",
            )


def check_runtime_class(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """The RuntimeClass, where the overlay names one."""
    names = [item["metadata"]["name"] for item in facts.runtime_classes]
    if needs.runtime_class and site["gpu_runtime_class"] not in names:
        yield Finding(
            "runtime class",
            f"There is no RuntimeClass {site['gpu_runtime_class']} (there is: {', '.join(names) or 'none'}); set SITE_GPU_RUNTIME_CLASS, or leave the component gpu-runtime-class out.",
        )


def _offers(node: dict[str, Any], resource: str) -> bool:
    amount: str = node["status"].get("allocatable", {}).get(resource, "0")
    return amount != "0"


def _tainted(node: dict[str, Any], keys: list[str]) -> bool:
    return any(taint["key"] in keys for taint in node["spec"].get("taints", []))
