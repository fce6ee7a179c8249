"""How many there are of each, and who says so."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.manifests.objects import Object, name_of, of_kind, settings_of, workload, workloads


def contested(objects: Iterable[Object]) -> list[str]:
    """Deployments whose number two objects decide, or that are scaled and say a number of their own."""
    objects = list(objects)
    found = []
    scalers: dict[str, list[str]] = {}
    for each in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        target = each["spec"]["scaleTargetRef"]
        scalers.setdefault(target["name"], []).append(name_of(each))
        spec = each["spec"]
        low = spec.get("minReplicas", spec.get("minReplicaCount"))
        high = spec.get("maxReplicas", spec.get("maxReplicaCount"))
        if not low or low > high:
            found.append(f"{name_of(each)}: from {low} to {high}")
    owners = {
        each.owner["metadata"]["name"]: each.owner for each in workloads(objects) if each.owner["kind"] == "Deployment"
    }
    for name, names in scalers.items():
        if len(names) > 1:
            found.append(f"{name} is scaled by {' and '.join(names)}")
        if name not in owners:
            found.append(f"{' and '.join(names)} scale {name}, which is not there")
        elif "replicas" in owners[name]["spec"]:
            found.append(f"{name} is scaled and says how many it is")
    found += [
        f"{name} does not say how many it is"
        for name, owner in owners.items()
        if "replicas" not in owner["spec"] and name not in scalers
    ]
    return found


def most_gateways(objects: Iterable[Object]) -> int:
    """How many gateways there can be at once, but for a rollout."""
    objects = list(objects)
    for each in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        if each["spec"]["scaleTargetRef"]["name"] == "gateway":
            return int(each["spec"].get("maxReplicas", each["spec"].get("maxReplicaCount")))
    return int(workload(objects, "gateway").owner["spec"]["replicas"])


def sqlite_shared(objects: Iterable[Object]) -> list[str]:
    """SQLite with more than one gateway, with an autoscaler, or with a rollout in which two live at once."""
    objects = list(objects)
    gateway = workload(objects, "gateway")
    settings = settings_of(objects, gateway.container("gateway"))
    found = []
    if int(settings.get("SYMMETRA_REPLICAS") or 1) != most_gateways(objects):
        found.append(f"SYMMETRA_REPLICAS is not {most_gateways(objects)}")
    if not (settings.get("SYMMETRA_RECORDS_URL") or "").startswith("sqlite:"):
        return found
    scaled = [
        name_of(each)
        for each in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject")
        if each["spec"]["scaleTargetRef"]["name"] == "gateway"
    ]
    if scaled:
        found.append(f"SQLite is for one gateway, and {scaled[0]} scales it")
    if most_gateways(objects) > 1:
        found.append(f"SQLite is for one gateway, and there are {most_gateways(objects)}")
    if gateway.owner["spec"]["strategy"]["type"] != "Recreate":
        found.append("SQLite is for one gateway, and a rollout starts the next one beside it")
    return found
