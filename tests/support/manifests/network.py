"""Who may talk to whom, as the NetworkPolicies say; and whether names and ports lead somewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tests.support.manifests.objects import Object, Workload, find, of_kind, selects, workloads

ANY: Final = "every pod"
MONITORED: Final = ("ServiceMonitor", "PodMonitor")


@dataclass(frozen=True, order=True)
class Flow:
    """One kind of connection.

    Attributes:
        source: A component, or `namespace NAME`.
        target: A component, `namespace NAME`, or a range of addresses.
        ports: Such as `8080` or `53 UDP, 53 TCP`.
    """

    source: str
    target: str
    ports: str


def flows(objects: Iterable[Object]) -> set[Flow]:
    """Every connection that is allowed: out of a pod of ours as well as into one, where both are ours."""
    objects = list(objects)
    out, into = set(), set()
    for policy in of_kind(objects, "NetworkPolicy"):
        for rule in policy["spec"].get("egress", []):
            for peer in rule.get("to", [{}]):
                out |= {Flow(_own(policy), _peer(peer), port) for port in _ports(rule)}
        for rule in policy["spec"].get("ingress", []):
            for peer in rule.get("from", [{}]):
                into |= {Flow(_peer(peer), _own(policy), port) for port in _ports(rule)}
    ours = {each.component for each in workloads(objects)}
    allowed = {flow for flow in out if flow.target not in ours} | {flow for flow in into if flow.source not in ours}
    return allowed | (out & into)


def half_flows(objects: Iterable[Object]) -> list[str]:
    """Connections within the namespace that one side allows and the other does not."""
    objects = list(objects)
    ours = {each.component for each in workloads(objects)}
    whole = flows(objects)
    found = []
    for policy in of_kind(objects, "NetworkPolicy"):
        for direction, peers in (("egress", "to"), ("ingress", "from")):
            for rule in policy["spec"].get(direction, []):
                for peer in rule.get(peers, [{}]):
                    here, there = _own(policy), _peer(peer)
                    source, target = (here, there) if direction == "egress" else (there, here)
                    if there in ours and here in ours:
                        found += [
                            f"{policy['metadata']['name']}: {source} to {target} at {port} is allowed on one side only"
                            for port in _ports(rule)
                            if Flow(source, target, port) not in whole
                        ]
    return found


def unguarded(objects: Iterable[Object]) -> list[str]:
    """What is not closed by default, pods that no policy opens anything for, policies for pods that are not there, open peers."""
    objects = list(objects)
    policies = of_kind(objects, "NetworkPolicy")
    found = []
    closed = [
        each
        for each in policies
        if each["spec"]["podSelector"] == {} and set(each["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    ]
    if not any("egress" not in each["spec"] and "ingress" not in each["spec"] for each in closed):
        found.append("nothing is closed by default")
    for policy in policies:
        selector = policy["spec"]["podSelector"]
        if selector and not any(selects(selector, each.labels) for each in workloads(objects)):
            found.append(f"{policy['metadata']['name']} is for pods that are not there")
        for direction, peers in (("egress", "to"), ("ingress", "from")):
            for rule in policy["spec"].get(direction, []):
                if not rule.get(peers) or not rule.get("ports"):
                    found.append(f"{policy['metadata']['name']} is open for everybody, or at every port")
                found += [
                    f"{policy['metadata']['name']} is open for the whole internet"
                    for peer in rule.get(peers, [])
                    if peer.get("ipBlock", {}).get("cidr") in ("0.0.0.0/0", "::/0") or peer == {"namespaceSelector": {}}
                ]
    return found


def dangling(objects: Iterable[Object]) -> list[str]:
    """Services without pods or ports, routes to Services that are not there, monitors of ports that nobody has."""
    objects = list(objects)
    found = []
    for service in of_kind(objects, "Service"):
        name = f"Service/{service['metadata']['name']}"
        behind = [each for each in workloads(objects) if selects(service["spec"]["selector"], each.labels)]
        if not behind:
            found.append(f"{name} has no pods")
        if service["spec"].get("type", "ClusterIP") != "ClusterIP":
            found.append(f"{name} is open to the outside")
        found += [
            f"{name}: {each.name} has no port {port['targetPort']}"
            for port in service["spec"]["ports"]
            for each in behind
            if port["targetPort"] not in {*port_names(each), *port_names(each).values()}
        ]
    for backend in _backends(objects):
        try:
            ports = find(objects, "Service", backend[1])["spec"]["ports"]
        except KeyError:
            found.append(f"{backend[0]}: no Service {backend[1]}")
            continue
        if backend[2] not in {port["name"] for port in ports} | {port["port"] for port in ports}:
            found.append(f"{backend[0]}: Service {backend[1]} has no port {backend[2]}")
    for monitor in of_kind(objects, *MONITORED):
        chosen = [
            each
            for each in of_kind(objects, "Service")
            if selects(monitor["spec"]["selector"], each["metadata"]["labels"])
        ]
        for endpoint in monitor["spec"]["endpoints"]:
            if not any(endpoint["port"] == port["name"] for each in chosen for port in each["spec"]["ports"]):
                found.append(
                    f"{monitor['kind']}/{monitor['metadata']['name']}: no Service has a port {endpoint['port']}"
                )
    for each in workloads(objects):
        named = port_names(each)
        for container in each.containers():
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                handler = container.get(probe, {})
                port = next((handler[way]["port"] for way in ("httpGet", "tcpSocket", "grpc") if way in handler), None)
                own = {entry["name"]: entry["containerPort"] for entry in container.get("ports", [])}
                if port is not None and port not in {*own, *own.values()}:
                    found.append(
                        f"{each.name} {container['name']}: {probe} asks at port {port}, which it does not have"
                    )
        if len(named) != sum(len(container.get("ports", [])) for container in each.containers()):
            found.append(f"{each.name}: two ports have one name")
    return found


def port_names(each: Workload) -> dict[str, int]:
    """Name of every port of a pod -> its number."""
    return {
        port["name"]: port["containerPort"] for container in each.containers() for port in container.get("ports", [])
    }


def _backends(objects: list[Object]) -> list[tuple[str, str, str | int]]:
    found: list[tuple[str, str, str | int]] = []
    for ingress in of_kind(objects, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                found.append(("Ingress", service["name"], service["port"].get("name", service["port"].get("number"))))
    for route in of_kind(objects, "HTTPRoute"):
        found += [
            ("HTTPRoute", to["name"], to["port"]) for rule in route["spec"]["rules"] for to in rule["backendRefs"]
        ]
    return found


def _own(policy: Object) -> str:
    selector = policy["spec"]["podSelector"]
    return selector["matchLabels"]["app.kubernetes.io/component"] if selector else ANY


def _peer(peer: Object) -> str:
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    if "namespaceSelector" in peer:
        return f"namespace {peer['namespaceSelector']['matchLabels']['kubernetes.io/metadata.name']}"
    if "podSelector" in peer:
        return str(peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"])
    return ANY


def _ports(rule: Object) -> list[str]:
    return [
        f"{port['port']}" + ("" if port["protocol"] == "TCP" else f" {port['protocol']}")
        for port in rule.get("ports", [])
    ]
