"""The Job that looks from inside: made from the site file, run, read and taken away again. It gets no token for the API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from k8s.operations.errors import KubectlFailed
from k8s.operations.kubectl import Kubectl
from k8s.operations.preflight.reach import Fact
from k8s.operations.site_file import Site

NAME: Final = "symmetra-preflight"
DEADLINE_SECONDS: Final = 120
LOOK_EVERY_SECONDS: Final = 2.0
USER: Final = 10001


def job_for(site: Site, image: str) -> dict[str, Any]:
    """The Job as an object; restricted Pod Security takes it, and network policies do not know it, so run it before installing.

    Args:
        site: What it looks at.
        image: With `python -m k8s.operations reach` in it.
    """
    container = {
        "name": "reach",
        "image": image,
        "command": ["python", "-m", "k8s.operations", "reach"],
        "env": [{"name": key, "value": value} for key, value in sorted(site.values.items())],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "ca", "mountPath": "/etc/symmetra/ca", "readOnly": True}],
    }
    labels = {"app.kubernetes.io/name": "preflight", "app.kubernetes.io/part-of": "symmetra"}
    pod = {
        "metadata": {"labels": labels},
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
        "metadata": {"name": NAME, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "ttlSecondsAfterFinished": 600,
            "template": pod,
        },
    }


def run_job(
    kubectl: Kubectl, job: dict[str, Any], *, sleep: Callable[[float], object] = time.sleep
) -> tuple[list[Fact], str]:
    """Run it and read what it saw.

    Args:
        kubectl: Of the namespace.
        job: What `job_for` made.
        sleep: Waits between two looks.

    Returns:
        Its facts, and "" or why there are none.
    """
    where = ["--namespace", kubectl.namespace]
    try:
        kubectl.text(["delete", "job", NAME, *where, "--ignore-not-found", "--wait=true"])
        kubectl.text(["apply", *where, "-f", "-"], given=json.dumps(job))
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
        kubectl.text(["delete", "job", NAME, *where, "--ignore-not-found", "--wait=false"])
    except KubectlFailed:
        return  # It goes by itself ten minutes after its end.
