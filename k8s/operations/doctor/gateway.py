"""Checks of the gateways: settings, readiness, memory, metrics, what they say of the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from k8s.operations.doctor.facts import InstallationFacts
from k8s.operations.doctor.samples import samples, total
from k8s.operations.finding import Finding, Level

COMPONENT: Final = "gateway"
MOST_SERIES: Final = 5000
"""A gateway that screened for half an hour had 1,228 (loadtests/results/soak.md)."""
SHED_SHARE: Final = 0.05


def check_same_release(facts: InstallationFacts) -> Iterator[Finding]:
    """All gateways cut faces the same way and ask for the same version."""
    pages = facts.texts(COMPONENT, "metrics")
    for metric, labels, what in (
        ("symmetra_build_info", ("version", "preprocessing_version"), "releases or ways of cutting faces"),
        ("symmetra_model_info", ("model_version", "digest"), "model versions"),
    ):
        seen = {
            tuple(sample.labels.get(label, "") for label in labels)
            for page in pages.values()
            for sample in samples(page, metric)
            if sample.value == 1
        }
        if len(seen) > 1:
            shown = " and ".join(" ".join(values) for values in sorted(seen))
            yield Finding(
                "same answers",
                f"The gateways run with different {what} ({shown}), so the same photo gets different answers; wait for a rollout to end, or restart the older ones.",
            )


def check_model(facts: InstallationFacts) -> Iterator[Finding]:
    """What /readyz/model says: can it answer with the pinned version?"""
    for pod, text in facts.texts(COMPONENT, "model").items():
        try:
            body = json.loads(text)
        except ValueError:
            continue
        if body.get("status") != "ready":
            yield Finding(
                "model",
                f"{pod} cannot answer with the pinned version: {body.get('detail') or body.get('title') or 'it does not say why'}.",
            )


def check_readiness(facts: InstallationFacts) -> Iterator[Finding]:
    """A model that is away must not take every gateway out of service."""
    container = facts.container(COMPONENT, "gateway")
    for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
        path = (container or {}).get(kind, {}).get("httpGet", {}).get("path", "")
        if path == "/readyz/model":
            yield Finding(
                "gateway's readiness",
                f"The gateway's {kind} asks /readyz/model, so without a model every gateway is taken away and callers get a bare error; ask {'/readyz' if kind == 'readinessProbe' else '/healthz'}.",
            )


def check_memory_only(facts: InstallationFacts) -> Iterator[Finding]:
    """What handles photos has nowhere on a disk to put them."""
    for component, container_name in ((COMPONENT, "gateway"), ("model-server", "tensorflow-serving")):
        template, container = facts.template(component), facts.container(component, container_name)
        if template is None or container is None:
            continue
        volumes = {volume["name"]: volume for volume in template.get("volumes", [])}
        for mount in container.get("volumeMounts", []):
            empty = volumes.get(mount["name"], {}).get("emptyDir")
            if empty is not None and empty.get("medium") != "Memory":
                yield Finding(
                    "photos in memory",
                    f"{mount['mountPath']} of the {component} is on the node's disk, where part of a photo could be left; set medium: Memory.",
                )
        if not container.get("securityContext", {}).get("readOnlyRootFilesystem"):
            level = Level.NOTE if component == "model-server" else Level.PROBLEM
            yield Finding(
                "photos in memory",
                f"The {component} may write to its root file system, which is on the node's disk; set readOnlyRootFilesystem (a GPU through CDI cannot have it).",
                level,
            )


def check_core_files(facts: InstallationFacts) -> Iterator[Finding]:
    """A process that aborts must leave no core file: faces are in it."""
    for pattern in sorted(set(facts.core_patterns.values()) - {""}):
        pods = ", ".join(sorted(pod for pod, text in facts.core_patterns.items() if text == pattern))
        if pattern.startswith("|"):
            yield Finding(
                "core files",
                f"The nodes of {pods} pipe core files into {pattern[1:].split()[0]}, which gets the memory of a process that aborts, faces included; set kernel.core_pattern there to a plain name.",
                Level.NOTE,
            )


def check_intended_use(facts: InstallationFacts) -> Iterator[Finding]:
    """A demo model beyond a demonstration."""
    use = facts.settings.get("SYMMETRA_INTENDED_USE", "")
    if facts.settings and not use:
        yield Finding("intended use", "The gateway's settings name no intended use; set SITE_INTENDED_USE.")
    evidence = {
        sample.labels.get("evidence", "")
        for page in facts.texts(COMPONENT, "metrics").values()
        for sample in samples(page, "symmetra_model_info")
        if sample.value == 1
    }
    if "demo" in evidence and use == "clinical_decision_support_triage":
        yield Finding(
            "intended use",
            "A demo model, which learned from drawn faces, answers for patients; promote a version that was validated at this site, or set SITE_INTENDED_USE=demonstration.",
        )


def check_metrics(facts: InstallationFacts) -> Iterator[Finding]:
    """One process per pod, few series, nothing refused in quantity."""
    container = facts.container(COMPONENT, "gateway") or {}
    if (
        any(item["name"].upper() == "PROMETHEUS_MULTIPROC_DIR" for item in container.get("env", []))
        or "PROMETHEUS_MULTIPROC_DIR" in facts.settings
    ):
        yield Finding(
            "metrics",
            "PROMETHEUS_MULTIPROC_DIR is set for the gateway, which makes its metrics those of dead processes too; take it out: a gateway is one process.",
        )
    for pod, page in facts.texts(COMPONENT, "metrics").items():
        series = sum(1 for _ in samples(page))
        if series > MOST_SERIES:
            yield Finding(
                "metrics",
                f"{pod} exports {series} series, more than closed label sets can make ({MOST_SERIES}); something a client sends has become a label.",
            )
        shed, asked = total(page, "symmetra_shed_total"), total(page, "symmetra_screenings_total")
        if asked >= 100 and shed > SHED_SHARE * asked:
            yield Finding(
                "overload",
                f"{pod} refused {shed:.0f} of {asked:.0f} screenings for want of room; add gateways or model servers (sizing table in k8s/README.md).",
                Level.NOTE,
            )


def check_records(facts: InstallationFacts) -> Iterator[Finding]:
    """More gateways than the settings say, receipts that fail, a trail that nobody could check."""
    replicas = max(
        (
            item["spec"].get("maxReplicas", 0)
            for item in facts.autoscalers
            if item["spec"]["scaleTargetRef"]["name"] == COMPONENT
        ),
        default=0,
    )
    replicas = max(
        replicas,
        *(item["spec"].get("replicas", 0) for item in facts.deployments if item["metadata"]["name"] == COMPONENT),
        0,
    )
    said = facts.settings.get("SYMMETRA_REPLICAS", "1")
    if said.isdigit() and replicas > int(said):
        yield Finding(
            "records",
            f"There may be {replicas} gateways, and SYMMETRA_REPLICAS says {said}, which would let them share an SQLite file; set it to {replicas}.",
        )
    for pod, page in facts.texts(COMPONENT, "metrics").items():
        failed = total(page, "symmetra_receipts_total", result="failed")
        if failed:
            yield Finding(
                "records",
                f"{pod} could not keep {failed:.0f} receipts; look at the database, and at SYMMETRA_RECORDS_WHEN_AWAY.",
            )
    if facts.settings.get("SYMMETRA_RECORD_KEY_FILE") and not facts.settings.get("SYMMETRA_AUDIT_CHECKPOINT_FILE"):
        yield Finding(
            "records",
            "Checkpoints of the audit trail go to the log and the database only; collect the logs where administrators of the database cannot write, or a cut-off trail would not show.",
            Level.NOTE,
        )
