"""Checks of the site's Prometheus: its operator must select our monitors and rules, or nobody is ever woken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8s.operations.finding import Finding
from k8s.operations.overlay import Needs
from k8s.operations.preflight.facts import ClusterFacts
from k8s.operations.site_file import Site


def check_operator_selector(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """The label of the site file is the one that the operator's Prometheus selects by, for monitors and for rules."""
    if "monitoring.coreos.com" not in needs.groups or "monitoring.coreos.com" not in facts.api_groups:
        return
    namespace = site["prometheus_namespace"]
    found = [item for item in facts.operators if item["metadata"]["namespace"] == namespace]
    if not found:
        others = sorted({item["metadata"]["namespace"] for item in facts.operators})
        yield Finding(
            "Prometheus selector",
            f"No Prometheus of an operator is in the namespace {namespace} (there is one in: {', '.join(others) or 'none'}); set SITE_PROMETHEUS_NAMESPACE.",
        )
        return
    key, value = site.pair("prometheus_label")
    for what in ("serviceMonitorSelector", "podMonitorSelector", "ruleSelector"):
        if not any(_selects(item["spec"].get(what), key, value) for item in found):
            wanted = (found[0]["spec"].get(what) or {}).get("matchLabels", {})
            label = ", ".join(f"{name}={text}" for name, text in wanted.items()) or "no label of this kind"
            yield Finding(
                "Prometheus selector",
                f"The Prometheus in {namespace} would not see what is labelled {key}={value}: its {what} asks for {label}; set SITE_PROMETHEUS_LABEL.",
            )
            return


def _selects(selector: dict[str, Any] | None, key: str, value: str) -> bool:
    # The operator's words: no selector selects nothing, an empty one everything.
    if selector is None:
        return False
    return all(
        name == key and text == value for name, text in selector.get("matchLabels", {}).items()
    ) and not selector.get("matchExpressions")
