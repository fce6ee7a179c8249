"""Checks of the model servers: flags, start and end, readiness, who reaches them, what they said of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from k8s.operations.doctor.facts import InstallationFacts
from k8s.operations.doctor.samples import samples, total
from k8s.operations.finding import Finding, Level

COMPONENT: Final = "model-server"
CONTAINER: Final = "tensorflow-serving"
SERVER: Final = "/usr/bin/tensorflow_model_server"
LONGEST_GRACE_SECONDS: Final = 60
SHORTEST_START_SECONDS: Final = 360
UNEVEN: Final = 1.3
FEWEST_CALLS: Final = 1000
"""Below, the shares of two servers differ by chance."""
REQUESTS: Final = ":tensorflow:serving:request_count"

WANTED_FLAGS: Final = {
    "enable_profiler": ("false", "the profiler answers whoever reaches the port of predictions"),
    "max_num_load_retries": ("0", "a broken version is a silent hang of five minutes in place of an error"),
    "enable_batching": ("true", "crops that wait at the same time are computed one by one"),
}


def check_start_command(facts: InstallationFacts) -> Iterator[Finding]:
    """The server itself is process 1, so that nothing stands between it and the end of the grace period."""
    container = facts.container(COMPONENT, CONTAINER)
    if container and container.get("command", [SERVER])[0] != SERVER:
        yield Finding(
            "model server's end",
            f"The model server is started through {container['command'][0]}; use {SERVER} as the command, or a shell keeps the signal and the calls in flight are cut off.",
        )


def check_grace_period(facts: InstallationFacts) -> Iterator[Finding]:
    """It ignores SIGTERM, so the grace period is the time to drain."""
    template = facts.template(COMPONENT)
    seconds = template.get("terminationGracePeriodSeconds", 30) if template else 30
    if seconds > LONGEST_GRACE_SECONDS:
        yield Finding(
            "model server's end",
            f"The model server is given {seconds} s to end and always uses them all, which blocks its node and its GPU; set terminationGracePeriodSeconds to 30 to 45.",
        )


def check_flags(facts: InstallationFacts) -> Iterator[Finding]:
    """Flags whose defaults harm, and one file whose content is silently overwritten."""
    container = facts.container(COMPONENT, CONTAINER)
    if container is None:
        return
    flags = _flags(container.get("args", []))
    for name, (value, otherwise) in WANTED_FLAGS.items():
        if name in flags and flags[name] != value:
            yield Finding(
                "model server's flags",
                f"The model server runs with --{name}={flags[name]}, so {otherwise}; set --{name}={value}.",
            )
    if "tensorflow_session_config_file" in flags:
        yield Finding(
            "model server's flags",
            "The model server reads a session config file, whose threads and GPU share are overwritten by the defaults of flags; use --tensorflow_intra_op_parallelism and --per_process_gpu_memory_fraction.",
        )
    cores = container.get("resources", {}).get("limits", {}).get("cpu", "")
    threads = flags.get("tensorflow_intra_op_parallelism", "")
    if cores.isdigit() and threads.isdigit() and int(threads) > int(cores):
        yield Finding(
            "model server's flags",
            f"The model server computes with {threads} threads on {cores} cores, so it is throttled; set --tensorflow_intra_op_parallelism to the CPU limit.",
        )


def check_readiness(facts: InstallationFacts) -> Iterator[Finding]:
    """What makes it ready must mean that the version is loaded and right."""
    server = facts.container(COMPONENT, CONTAINER)
    if server is None:
        return
    path = server.get("readinessProbe", {}).get("httpGet", {}).get("path", "")
    if path.startswith("/v1/models/") and not path.endswith("/metadata"):
        yield Finding(
            "readiness",
            f"The model server's readiness asks {path}, which is 200 while a version loads and after it failed; ask {path}/metadata.",
        )
    if facts.container(COMPONENT, "probe") is None:
        yield Finding(
            "readiness",
            "The model server's pods have no probe beside it, so a wrong version would be ready; add the container probe of k8s/base/model-server.",
        )
    start = server.get("startupProbe", {})
    budget = start.get("periodSeconds", 10) * start.get("failureThreshold", 3) if start else 0
    if budget < SHORTEST_START_SECONDS:
        yield Finding(
            "readiness",
            f"The model server has {budget} s to start, and a GPU with a cold cache may need minutes; give the startupProbe {SHORTEST_START_SECONDS} s.",
        )


def check_probe_page(facts: InstallationFacts) -> Iterator[Finding]:
    """What the probes found: golden answers, the GPU, the server's own metrics."""
    for pod, text in facts.texts(COMPONENT, "ready").items():
        try:
            body = json.loads(text)
        except ValueError:
            continue
        if not body.get("ready"):
            yield Finding(
                "golden answers",
                f"{pod} is not ready: {body.get('reason') or 'it does not say why'}; look at `kubectl logs {pod} -c probe`.",
            )
    for pod, page in facts.texts(COMPONENT, "metrics").items():
        if total(page, "symmetra_probe_gpu_missing"):
            yield Finding(
                "GPU",
                f"{pod} was asked to use a GPU and runs on the CPU; look at its log for the library that is missing, and at the device plugin.",
            )
        if not total(page, "symmetra_probe_server_metrics_up"):
            yield Finding(
                "model server's metrics",
                f"{pod} shows no metrics of its own; it needs --monitoring_config_file and --rest_api_port.",
            )


def check_restarts(facts: InstallationFacts) -> Iterator[Finding]:
    """Containers that ended: out of memory, aborted, or again and again."""
    for pod in facts.pods:
        for status in pod["status"].get("containerStatuses", []):
            where = f"{status['name']} of {pod['metadata']['name']}"
            ended = status.get("lastState", {}).get("terminated", {})
            waiting = status.get("state", {}).get("waiting", {}).get("reason", "")
            if waiting == "CrashLoopBackOff":
                yield Finding(
                    "restarts",
                    f"{where} ends again and again; its last words: `kubectl logs {pod['metadata']['name']} -c {status['name']} --previous`.",
                )
            elif ended.get("reason") == "OOMKilled":
                yield Finding(
                    "restarts",
                    f"{where} ran out of memory; raise its memory limit, and of a model server keep few versions loaded.",
                )
            elif ended.get("exitCode") == 134:
                yield Finding(
                    "restarts",
                    f"{where} aborted (exit code 134), which a malformed call can cause; find out who can reach its port besides the gateway.",
                )


def check_exposure(facts: InstallationFacts) -> Iterator[Finding]:
    """Nobody but the gateway reaches the port on which whoever calls may replace the model; nobody reaches the REST port."""
    policies = [item["spec"] for item in facts.network_policies]
    if not any(
        not spec.get("podSelector")
        and {"Ingress", "Egress"} <= set(spec.get("policyTypes", []))
        and not spec.get("ingress")
        and not spec.get("egress")
        for spec in policies
    ):
        yield Finding(
            "network policies",
            "The namespace has no policy that denies everything by default, so any pod can replace the served model; apply k8s/base/network.",
        )
    for spec in policies:
        chosen = spec.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component")
        for rule in spec.get("ingress", []) if chosen == COMPONENT else []:
            ports = {port.get("port") for port in rule.get("ports", [])}
            everybody = not rule.get("from")
            if not ports or ports & {8501, "rest"}:
                yield Finding(
                    "network policies",
                    "A network policy opens the model server's REST port (8501), which has no TLS and asks nobody who they are; take it out, the probe passes the metrics on.",
                )
            elif ports & {8500, "grpc"} and (everybody or not all(_is_gateway(peer) for peer in rule["from"])):
                yield Finding(
                    "network policies",
                    "A network policy lets others than the gateway to the model server's gRPC port (8500), on which whoever calls may replace the model; let the gateway in alone.",
                )
    for service in facts.services:
        chosen = service["spec"].get("selector", {}).get("app.kubernetes.io/component")
        if chosen == COMPONENT and service["spec"].get("type", "ClusterIP") != "ClusterIP":
            yield Finding(
                "network policies",
                f"The Service {service['metadata']['name']} of the model server is a {service['spec']['type']}, open beyond the cluster; make it headless.",
            )


def check_enforcement(facts: InstallationFacts) -> Iterator[Finding]:
    """Policies count: a connection that they forbid was tried, and did not come about."""
    for route, seen in facts.forbidden.items():
        if seen == "open":
            yield Finding(
                "network policies",
                f"The network does not enforce the policies: {route} is open, so any pod can replace the served model; install a network plugin that enforces them, such as Calico or Cilium.",
            )


def check_balance(facts: InstallationFacts) -> Iterator[Finding]:
    """Calls go to every server: a headless name, dns:/// in the gateway, and counts that agree."""
    for service in facts.services:
        if service["metadata"]["name"] == "model-server" and service["spec"].get("clusterIP") != "None":
            yield Finding(
                "balance",
                "The Service model-server has an address of its own, so a gateway stays with one server for ever; set clusterIP: None.",
            )
    address = facts.settings.get("SYMMETRA_MODEL_SERVER", "dns:///")
    if not address.startswith("dns:///"):
        yield Finding(
            "balance",
            f"The gateway asks {address} as one server; write dns:///{address}, so that every server gets calls.",
        )
    counts = {
        pod: sum(sample.value for sample in samples(page, REQUESTS))
        for pod, page in facts.texts(COMPONENT, "metrics").items()
    }
    counts = {pod: count for pod, count in counts.items() if count}
    if (
        len(counts) > 1
        and sum(counts.values()) >= FEWEST_CALLS
        and max(counts.values()) > UNEVEN * min(counts.values())
    ):
        busiest = max(counts, key=lambda pod: counts[pod])
        yield Finding(
            "balance",
            f"{busiest} answered {counts[busiest]:.0f} calls and another server {min(counts.values()):.0f}; unless one was started later, calls stick to one server.",
            Level.NOTE,
        )


def _is_gateway(peer: dict[str, dict[str, dict[str, str]]]) -> bool:
    return peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component") == "gateway"


def _flags(arguments: list[str]) -> dict[str, str]:
    # The last of two equal flags counts.
    return {name.lstrip("-"): value or "true" for name, _, value in (argument.partition("=") for argument in arguments)}
