"""Checks of what watches: the stop switch, the sentinel, drift, autoscaling, Pod Security, images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from k8s.operations.doctor.facts import InstallationFacts
from k8s.operations.doctor.samples import samples
from k8s.operations.finding import Finding, Level

ENFORCE: Final = "pod-security.kubernetes.io/enforce"
DRIFT_STATES: Final = {
    "no_profile": "the pinned version has no reference profile, so drift cannot be seen; export it anew",
    "stale": "the drift controller got no counts lately; look at SITE_PROMETHEUS_URL and its log",
    "insufficient_data": "there were too few photos yet to say anything about drift",
}


def check_paused(facts: InstallationFacts) -> Iterator[Finding]:
    """Screening goes on."""
    reasons = {
        sample.labels.get("reason", "")
        for page in facts.texts("gateway", "metrics").values()
        for sample in samples(page, "symmetra_paused")
        if sample.value == 1
    }
    for reason in sorted(reasons):
        yield Finding(
            "stop switch",
            f"Screening is paused ({reason}); `kubectl exec deploy/gateway -- python -m gateway pauses` says since when and by whom.",
        )


def check_sentinel(facts: InstallationFacts) -> Iterator[Finding]:
    """Each gateway compares golden answers."""
    for pod, page in facts.texts("gateway", "metrics").items():
        if any(sample.value == 0 for sample in samples(page, "symmetra_sentinel_watching")):
            yield Finding(
                "sentinel",
                f"The sentinel of {pod} is off, so a wrong answer would stop nothing; it needs to read the version's directory in the volume models.",
            )


def check_drift(facts: InstallationFacts) -> Iterator[Finding]:
    """The drift controller has counts, and enough of them."""
    for page in facts.texts("drift-controller", "metrics").values():
        for sample in samples(page, "symmetra_drift_state"):
            state = sample.labels.get("state", "")
            if sample.value == 1 and state in DRIFT_STATES:
                level = Level.NOTE if state == "insufficient_data" else Level.PROBLEM
                yield Finding(
                    "drift", f"Version {sample.labels.get('model_version', '?')}: {DRIFT_STATES[state]}.", level
                )


def check_autoscaling(facts: InstallationFacts) -> Iterator[Finding]:
    """Autoscalers that get their figures, and never scale to nothing."""
    for item in facts.autoscalers:
        name = item["metadata"]["name"]
        if item["spec"].get("minReplicas", 1) < 1:
            yield Finding(
                "autoscaling",
                f"The autoscaler {name} may scale to none, and then nothing counts what would wake it; set minReplicas to 1 or more.",
            )
        for condition in item.get("status", {}).get("conditions", []):
            if (
                condition["type"] == "ScalingActive"
                and condition["status"] == "False"
                and condition.get("reason") != "ScalingDisabled"
            ):
                yield Finding(
                    "autoscaling",
                    f"The autoscaler {name} gets no figures ({condition.get('reason', 'no reason given')}); look at metrics-server, or at the rules of prometheus-adapter.",
                )
        if item["spec"]["scaleTargetRef"]["name"] == "model-server" and any(
            metric.get("resource", {}).get("name") == "cpu" for metric in item["spec"].get("metrics", [])
        ):
            yield Finding(
                "autoscaling",
                f"The autoscaler {name} scales model servers by processor time, which is low while a GPU is full; scale by photos in flight.",
                Level.NOTE,
            )


def check_pod_security(facts: InstallationFacts) -> Iterator[Finding]:
    """Restricted Pod Security, and nobody root."""
    if facts.namespace["metadata"].get("labels", {}).get(ENFORCE) != "restricted":
        yield Finding(
            "Pod Security",
            f"The namespace does not enforce restricted Pod Security; `kubectl label namespace {facts.namespace['metadata']['name']} {ENFORCE}=restricted`.",
        )
    for item in (*facts.deployments, *facts.stateful_sets):
        spec = item["spec"]["template"]["spec"]
        if not spec.get("securityContext", {}).get("runAsNonRoot"):
            yield Finding(
                "Pod Security", f"{item['metadata']['name']} may run as root; set runAsNonRoot and a numeric runAsUser."
            )


def check_images(facts: InstallationFacts) -> Iterator[Finding]:
    """Images by a tag that never moves, or by digest."""
    for item in (*facts.deployments, *facts.stateful_sets):
        spec = item["spec"]["template"]["spec"]
        for container in (*spec["containers"], *spec.get("initContainers", [])):
            image = container["image"]
            if not re.search(r":[^/]+$|@sha256:", image) or image.endswith(":latest"):
                yield Finding(
                    "images",
                    f"{container['name']} of {item['metadata']['name']} runs {image}, which is another image tomorrow; name a release or a digest.",
                )


def check_claims(facts: InstallationFacts) -> Iterator[Finding]:
    """Volumes that are there."""
    for item in facts.claims:
        phase = item.get("status", {}).get("phase", "Pending")
        if phase != "Bound":
            yield Finding(
                "volumes",
                f"The volume claim {item['metadata']['name']} is {phase}; `kubectl describe pvc {item['metadata']['name']}` says what its StorageClass lacks.",
            )


def check_pending(facts: InstallationFacts) -> Iterator[Finding]:
    """Pods that no node takes."""
    for pod in facts.pods:
        for condition in pod["status"].get("conditions", []):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                yield Finding(
                    "scheduling",
                    f"No node takes {pod['metadata']['name']}: {condition.get('message', 'no reason given')}.",
                )
