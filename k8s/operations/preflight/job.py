"""The Job that looks from inside: made from the site file, run, read and taken away again. It gets no token for the API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from k8s.operations.errors import KubectlFailed
from k8s.operations.kubectl import Kubectl
from k8s.operations.preflight.reach import Fact
from k8s.operations.site_file import Site

NAME: Final = "symmetra-preflight"
KINDS: Final = "job,networkpolicy"
PROVIDER_PORT: Final = 443
"""That the gateway's policy opens until a site patches it, and an issuer without a port has."""
NAME_PORTS: Final = (53, 5353)
NAME_SERVERS: Final = ("kube-system", "openshift-dns")
"""Namespaces in which clusters have their DNS; its pods listen at the second port on OpenShift."""
DEADLINE_SECONDS: Final = 120
LOOK_EVERY_SECONDS: Final = 2.0
USER: Final = 10001


LABELS: Final = {"app.kubernetes.io/name": "preflight", "app.kubernetes.io/part-of": "symmetra"}


def policy_for(site: Site) -> dict[str, Any]:
    """What lets the Job out, to what the site file names and to name servers: in an installation that is there all else is closed.

    It is made from the site file and not from the overlay's policies, so it follows none that the overlay patches: what the Job reaches
    by it, a gateway reaches only where its own policies open the same (`cluster.check_ranges` compares the identity provider's port).
    """
    dns = [{"protocol": protocol, "port": port} for port in NAME_PORTS for protocol in ("UDP", "TCP")]
    names = [*(_of_namespace(name) for name in NAME_SERVERS), {"ipBlock": {"cidr": "169.254.20.10/32"}}]
    prometheus = urlsplit(site["prometheus_url"])
    egress = [
        {"to": names, "ports": dns},
        _to({"ipBlock": {"cidr": site["oidc_range"]}}, urlsplit(site["oidc_issuer"]).port or PROVIDER_PORT),
        _to({"ipBlock": {"cidr": site["database_range"]}}, int(site["database"].rpartition(":")[2])),
        _to(_of_namespace(site["prometheus_namespace"]), prometheus.port or 0),
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": NAME, "labels": LABELS},
        "spec": {"podSelector": {"matchLabels": LABELS}, "policyTypes": ["Egress"], "egress": egress},
    }


def _of_namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _to(peer: dict[str, Any], port: int) -> dict[str, Any]:
    return {"to": [peer], "ports": [{"protocol": "TCP", "port": port}]}


def job_for(site: Site, image: str) -> dict[str, Any]:
    """The Job as an object, which restricted Pod Security takes.

    Args:
        site: What it looks at.
        image: With `python -m k8s.operations reach` in it.
    """
    container = {
        "name": "reach",
        "image": image,
        "command": ["python", "-m", "k8s.operations", "reach"],
        "env": [{"name": key, "value": value} for key, value in sorted(site.values.items())],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "ca", "mountPath": "/etc/symmetra/ca", "readOnly": True}],
    }
    pod = {
        "metadata": {"labels": LABELS},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": site["pull_secret"]}],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            # Optional, so that a missing bundle is named by its own check and the others still run.
            "volumes": [{"name": "ca", "configMap": {"name": site["ca_bundle"], "optional": True}}],
            "containers": [container],
        },
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": NAME, "labels": LABELS},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "ttlSecondsAfterFinished": 600,
            "template": pod,
        },
    }


def run_job(
    kubectl: Kubectl, policy: dict[str, Any], job: dict[str, Any], *, sleep: Callable[[float], object] = time.sleep
) -> tuple[list[Fact], str]:
    """Run it and read what it saw.

    Args:
        kubectl: Of the namespace.
        policy: What `policy_for` made.
        job: What `job_for` made.
        sleep: Waits between two looks.

    Returns:
        Its facts, and "" or why there are none.
    """
    where = ["--namespace", kubectl.namespace]
    try:
        kubectl.text(["delete", KINDS, NAME, *where, "--ignore-not-found", "--wait=true"])
        both = {"apiVersion": "v1", "kind": "List", "items": [policy, job]}
        kubectl.text(["apply", *where, "-f", "-"], given=json.dumps(both))
        reason = _wait(kubectl, where, sleep)
        if reason:
            return [], reason
        facts: list[Fact] = json.loads(kubectl.text(["logs", f"job/{NAME}", *where]))
    except (KubectlFailed, ValueError) as error:
        return [], str(error)
    else:
        return facts, ""
    finally:
        _take_away(kubectl, where)


def _wait(kubectl: Kubectl, where: list[str], sleep: Callable[[float], object]) -> str:
    for _ in range(int(DEADLINE_SECONDS / LOOK_EVERY_SECONDS)):
        status = kubectl.json(["get", "job", NAME, *where]).get("status", {})
        if status.get("succeeded"):
            return ""
        pods = kubectl.json(["get", "pods", *where, "--selector", f"job-name={NAME}"])["items"]
        waiting = [reason for pod in pods if (reason := _waiting_reason(pod))]
        if waiting and waiting[0] in {
            "ErrImagePull",
            "ImagePullBackOff",
            "InvalidImageName",
            "CreateContainerConfigError",
        }:
            return waiting[0]
        if status.get("failed"):
            return "its pod failed"
        sleep(LOOK_EVERY_SECONDS)
    return f"not finished after {DEADLINE_SECONDS} s"


def _waiting_reason(pod: dict[str, Any]) -> str:
    for status in pod.get("status", {}).get("containerStatuses", []):
        reason: str = status.get("state", {}).get("waiting", {}).get("reason", "")
        if reason:
            return reason
    return ""


def _take_away(kubectl: Kubectl, where: list[str]) -> None:
    try:
        kubectl.text(["delete", KINDS, NAME, *where, "--ignore-not-found", "--wait=false"])
    except KubectlFailed:
        return  # The Job goes by itself ten minutes after its end; its policy, which holds for the Job alone, with the next run.
