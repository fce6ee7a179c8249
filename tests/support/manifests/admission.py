"""Renders read as an API server reads them: what it would refuse, warn of, or keep in other words than were applied."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tests.support.manifests.objects import Object, Workload, name_of, of_kind, workloads

LABEL_LENGTH: Final = 63
PORT_NAME: Final = re.compile(r"(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
SERVICE_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
OBJECT_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
QUANTITY: Final = re.compile(r"(0|[1-9][0-9]*)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
ANNOTATION_BYTES: Final = 262_144
"""Of all annotations of an object together."""
MAY_BE_EMPTY: Final = {"podSelector", "emptyDir"}
NOT_OURS: Final = (
    "status",
    "creationTimestamp",
    "resourceVersion",
    "uid",
    "generation",
    "managedFields",
    "ownerReferences",
)
DEPRECATED: Final = ("serviceAccount", "kubernetes.io/ingress.class", "seccomp.security.alpha.kubernetes.io/pod")
RESTRICTED_VOLUMES: Final = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}
FIRST: Final = (
    "Namespace", "ResourceQuota", "LimitRange", "ServiceAccount", "ConfigMap", "PriorityClass", "PersistentVolumeClaim",
)  # fmt: skip
"""Kinds that must be there before what runs pods."""


def is_canonical(amount: object) -> bool:
    """Whether an amount is written as it will be kept: 500m and not 0.5, 1 and not 1000m, 1Gi and not 1024Mi."""
    found = QUANTITY.fullmatch(str(amount))
    if found is None:
        return False
    number, unit = int(found[1]), found[2] or ""
    step = 1024 if unit.endswith("i") else 1000
    return not (unit not in ("", "Ti", "T") and number % step == 0) and (number != 0 or not unit)


def odd_amounts(objects: Iterable[Object]) -> list[str]:
    """Amounts in other words than the API server's."""
    return [
        f"{name_of(each)}: {path} is {amount!r}"
        for each in objects
        for path, amount in _amounts(each.get("spec", {}), "spec")
        if not is_canonical(amount)
    ]


def _amounts(value: Any, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _amounts(each, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("requests", "limits", "hard", "default", "defaultRequest", "max") and isinstance(each, dict):
                yield from (
                    (f"{path}.{key}.{name}", amount) for name, amount in each.items() if not isinstance(amount, dict)
                )
            elif key in ("sizeLimit", "averageValue"):
                yield f"{path}.{key}", each
            else:
                yield from _amounts(each, f"{path}.{key}")


def leftovers(objects: Iterable[Object]) -> list[str]:
    """Values that are null or empty, fields that a server writes, fields that are on their way out."""
    found = []

    def look(value: Any, path: str, key: str) -> None:
        if value is None or (value in ({}, []) and key not in MAY_BE_EMPTY):
            found.append(f"{path} is empty")
        if key in DEPRECATED:
            found.append(f"{path} is on its way out")
        if isinstance(value, dict):
            for name, each in value.items():
                look(each, f"{path}.{name}", name)
        elif isinstance(value, list):
            for each in value:
                look(each, f"{path}[]", key)

    for each in objects:
        found += [f"{name_of(each)}: {key} is a server's" for key in NOT_OURS if key in each or key in each["metadata"]]
        body = {name: value for name, value in each.items() if name != "data"}
        look(body, name_of(each), "")
    return found


def misnamed(objects: Iterable[Object]) -> list[str]:
    """Names and labels that are too long or of another form."""
    found = []
    for each in objects:
        metadata = each["metadata"]
        form = SERVICE_NAME if each["kind"] == "Service" else OBJECT_NAME
        if not form.fullmatch(metadata["name"]):
            found.append(f"{name_of(each)} cannot be called so")
        # Pods are called after it, with a digest and five letters behind.
        if each["kind"] in ("Deployment", "Job", "CronJob") and len(metadata["name"]) > LABEL_LENGTH - 11:
            found.append(f"{name_of(each)} leaves its pods no room for their names")
        found += [
            f"{name_of(each)}: label {name} is too long"
            for name, value in metadata.get("labels", {}).items()
            if len(value) > LABEL_LENGTH
        ]
    for each in workloads(objects):
        for container in each.containers():
            found += [
                f"{each.name}: port {port['name']} cannot be called so"
                for port in container.get("ports", [])
                if not PORT_NAME.fullmatch(port["name"])
            ]
    return found


def doubled(objects: Iterable[Object]) -> list[str]:
    """What may be there once only: objects, ports, variables, volumes, places where something is mounted."""
    objects = list(objects)
    found = _twice("everything", [(each["apiVersion"], name_of(each)) for each in objects])
    for service in of_kind(objects, "Service"):
        ports = service["spec"]["ports"]
        found += _twice(name_of(service), [port["name"] for port in ports])
        found += _twice(name_of(service), [(port.get("protocol", "TCP"), port["port"]) for port in ports])
    for each in workloads(objects):
        containers = each.containers()
        ports = [port for container in each.spec["containers"] for port in container.get("ports", [])]
        found += _twice(each.name, [container["name"] for container in containers])
        found += _twice(each.name, [port["name"] for port in ports])
        found += _twice(each.name, [(port.get("protocol", "TCP"), port["containerPort"]) for port in ports])
        found += _twice(each.name, [volume["name"] for volume in each.spec.get("volumes", [])])
        for container in containers:
            found += _twice(each.name, [variable["name"] for variable in container.get("env", [])])
            found += _twice(each.name, [mount["mountPath"] for mount in container.get("volumeMounts", [])])
    return found


def _twice(where: str, names: list[Any]) -> list[str]:
    return [f"{where}: {name} is there twice" for name in sorted(set(names), key=str) if names.count(name) > 1]


def unadmitted(objects: Iterable[Object]) -> list[str]:
    """Volumes that are not there or that restricted pods may not have, and containers that a quota of limits would refuse."""
    found = []
    for each in workloads(objects):
        volumes = {volume["name"]: set(volume) - {"name"} for volume in each.spec.get("volumes", [])}
        found += [
            f"{each.name}: volume {name} is of kind {kinds}"
            for name, kinds in volumes.items()
            if len(kinds) != 1 or not kinds <= RESTRICTED_VOLUMES
        ]
        for container in each.containers():
            found += [
                f"{each.name}: {mount['name']} is mounted and not there"
                for mount in container.get("volumeMounts", [])
                if mount["name"] not in volumes
            ]
            found += [
                f"{each.name}: {container['name']} has no {name} in its {which}"
                for which in ("requests", "limits")
                for name in ("cpu", "memory")
                if name not in container["resources"].get(which, {})
            ]
    return found


def too_large(objects: Iterable[Object]) -> list[str]:
    """Objects that `kubectl apply` cannot write into the annotation in which it keeps what it applied."""
    return [name_of(each) for each in objects if len(json.dumps(each)) >= ANNOTATION_BYTES]


def out_of_order(objects: Iterable[Object]) -> list[str]:
    """What comes after pods that want it: they are applied from top to bottom."""
    kinds = [each["kind"] for each in objects]
    runs = [index for index, kind in enumerate(kinds) if kind in ("Deployment", "Job", "CronJob")]
    return [
        f"{kind} comes after what runs pods" for index, kind in enumerate(kinds) if kind in FIRST and index > runs[0]
    ]


def uncovered(objects: Iterable[Object]) -> list[str]:
    """Budgets of more or fewer than one Deployment, and strategies that neither surge nor let one go."""
    objects = list(objects)
    found = []
    for budget in of_kind(objects, "PodDisruptionBudget"):
        wanted = budget["spec"]["selector"]["matchLabels"].items()
        chosen = [each.name for each in workloads(objects) if wanted <= each.labels.items()]
        if len(chosen) != 1:
            found.append(f"{name_of(budget)} is for {chosen}")
    for each in workloads(objects):
        rolling = each.owner["spec"].get("strategy", {}).get("rollingUpdate")
        if rolling is not None and not rolling["maxSurge"] and not rolling["maxUnavailable"]:
            found.append(f"{each.name} can never be rolled out")
        if rolling is not None and _wants_gpu(each) and not rolling["maxUnavailable"]:
            found.append(f"{each.name} waits for a GPU that only its own old pod could give back")
    return found


def _wants_gpu(each: Workload) -> bool:
    return any("/" in name for container in each.containers() for name in container["resources"]["limits"])
