"""What must hold for every pod; each check returns a sentence for every object that breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tests.support.manifests.objects import Object, Workload, selects, workloads

PHOTO_HANDLING: Final = {
    "gateway",
    "model-server",
    "model-server-standby",
    "training",
    "load-test-master",
    "load-test-worker",
}
"""Components whose memory holds photos or crops of faces."""
GPU_RESOURCE: Final = re.compile(r"nvidia\.com/(gpu|mig-.+)")
_UNITS: Final = {"": 1, "m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def quantity(text: object) -> float:
    """Kubernetes' quantities as numbers: cores, bytes, pieces."""
    found = re.fullmatch(r"([0-9.]+)(m|Ki|Mi|Gi|Ti|)", str(text))
    if found is None:
        message = f"{text!r} is no quantity"
        raise ValueError(message)
    return float(found[1]) * _UNITS[found[2]]


def insecure(objects: Iterable[Object]) -> list[str]:
    """Whatever Pod Security "restricted" refuses, users without a number, writable roots."""
    found = []
    for each in workloads(objects):
        pod = each.spec.get("securityContext", {})
        if pod.get("runAsNonRoot") is not True or pod.get("seccompProfile") != {"type": "RuntimeDefault"}:
            found.append(f"{each.name}: not runAsNonRoot with seccomp RuntimeDefault")
        found += [
            f"{each.name}: {field} is no number above 0"
            for field in ("runAsUser", "runAsGroup", "fsGroup")
            if not isinstance(pod.get(field), int) or pod[field] < 1
        ]
        found += [f"{each.name}: {field}" for field in ("hostNetwork", "hostPID", "hostIPC") if each.spec.get(field)]
        found += [f"{each.name}: hostPath" for volume in each.spec.get("volumes", []) if "hostPath" in volume]
        for container in each.containers():
            place = f"{each.name} {container['name']}"
            security = container.get("securityContext", {})
            if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
                found.append(f"{place}: privileges can grow")
            if security.get("capabilities") != {"drop": ["ALL"]}:
                found.append(f"{place}: capabilities are not all dropped")
            if any("hostPort" in port for port in container.get("ports", [])):
                found.append(f"{place}: hostPort")
            if security.get("readOnlyRootFilesystem") is not True and not uses_gpu(container):
                found.append(f"{place}: the root file system is writable")
    return found


def uses_gpu(container: Object) -> bool:
    """Whether it asks for a GPU or a slice of one."""
    return any(GPU_RESOURCE.fullmatch(name) for name in container.get("resources", {}).get("limits", {}))


def unsized(objects: Iterable[Object]) -> list[str]:
    """Containers without requests or a memory limit, folders without a size, GPUs that are not asked for as they are limited."""
    found = []
    for each in workloads(objects):
        for container in each.containers():
            place = f"{each.name} {container['name']}"
            requests, limits = (container.get("resources", {}).get(which, {}) for which in ("requests", "limits"))
            found += [f"{place}: no {name} request" for name in ("cpu", "memory") if name not in requests]
            found += [f"{place}: no {name} limit" for name in ("cpu", "memory") if name not in limits]
            found += [
                f"{place}: {name} is asked for more than it is limited to"
                for name in set(requests) & set(limits)
                if quantity(requests[name]) > quantity(limits[name])
            ]
            gpus = {name for name in {*requests, *limits} if GPU_RESOURCE.fullmatch(name)}
            found += [
                f"{place}: {name} differs in requests and limits"
                for name in gpus
                if requests.get(name) != limits.get(name)
            ]
            if each.component == "training" and "ephemeral-storage" not in limits:
                found.append(f"{place}: no ephemeral-storage limit")
        found += [
            f"{each.name}: emptyDir {volume['name']} without sizeLimit"
            for volume in each.spec.get("volumes", [])
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]
        ]
    return found


def photos_on_disk(objects: Iterable[Object]) -> list[str]:
    """Pods that handle photos and have a /tmp or /dev/shm that is not in memory."""
    found = []
    for each in workloads(objects):
        if each.component not in PHOTO_HANDLING:
            continue
        volumes = {volume["name"]: volume for volume in each.spec.get("volumes", [])}
        for container in each.spec["containers"]:
            mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container.get("volumeMounts", [])}
            if container["name"] != "probe" and "/tmp" not in mounts:
                found.append(f"{each.name} {container['name']}: no /tmp of its own")
            found += [
                f"{each.name} {container['name']}: {path} is not in memory"
                for path in ("/tmp", "/dev/shm")
                if path in mounts and mounts[path].get("emptyDir", {}).get("medium") != "Memory"
            ]
    return found


def with_tokens(objects: Iterable[Object]) -> list[str]:
    """Pods and accounts that get a token of the cluster's API; accounts that two workloads share; roles of any kind."""
    objects = list(objects)
    found = [
        f"{each['kind']}/{each['metadata']['name']}"
        for each in objects
        if each["kind"].endswith(("Role", "RoleBinding"))
    ]
    accounts: dict[str, set[str]] = {}
    for each in workloads(objects):
        if each.spec.get("automountServiceAccountToken") is not False:
            found.append(f"{each.name}: mounts a token")
        accounts.setdefault(each.spec.get("serviceAccountName", "default"), set()).add(account_owner(each))
    found += [
        f"account {name} is shared by {sorted(users)}"
        for name, users in accounts.items()
        if len(users) > 1 or name == "default"
    ]
    for account in (each for each in objects if each["kind"] == "ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            found.append(f"ServiceAccount/{account['metadata']['name']}: mounts a token")
    return found


def account_owner(each: Workload) -> str:
    """What counts as one workload: a standby and its original, master and workers of one load test."""
    return each.component.removesuffix("-standby").removesuffix("-master").removesuffix("-worker")


def unwatched(objects: Iterable[Object]) -> list[str]:
    """Containers of Deployments without the three probes, or with two of the same meaning; ends without a time."""
    found = []
    for each in workloads(objects):
        if each.owner["kind"] != "Deployment":
            continue
        if "terminationGracePeriodSeconds" not in each.spec:
            found.append(f"{each.name}: no grace period of its own")
        strategy = each.owner["spec"].get("strategy", {})
        if (
            strategy.get("type") not in ("RollingUpdate", "Recreate")
            or "progressDeadlineSeconds" not in each.owner["spec"]
        ):
            found.append(f"{each.name}: no strategy, or no deadline for a rollout")
        if "revisionHistoryLimit" not in each.owner["spec"]:
            found.append(f"{each.name}: no revisionHistoryLimit")
        for container in each.spec["containers"]:
            missing = [probe for probe in ("startupProbe", "readinessProbe", "livenessProbe") if probe not in container]
            found += [f"{each.name} {container['name']}: no {probe}" for probe in missing]
            found += [
                f"{each.name} {container['name']}: {probe} waits blindly"
                for probe in ("readinessProbe", "livenessProbe", "startupProbe")
                if container.get(probe, {}).get("initialDelaySeconds")
            ]
    return found


def budget_seconds(probe: Object) -> int:
    """How long a startup probe lets a container start."""
    found: int = probe["failureThreshold"] * probe.get("periodSeconds", 10)
    return found


def without_budget(objects: Iterable[Object]) -> list[str]:
    """PodDisruptionBudgets that select no pods, or never let one go."""
    objects = list(objects)
    found = []
    for budget in (each for each in objects if each["kind"] == "PodDisruptionBudget"):
        name, spec = budget["metadata"]["name"], budget["spec"]
        if not any(selects(spec["selector"], each.labels) for each in workloads(objects)):
            found.append(f"PodDisruptionBudget/{name} selects nothing")
        if not quantity(spec.get("maxUnavailable", 0)):
            found.append(f"PodDisruptionBudget/{name} never lets a pod go")
    return found
