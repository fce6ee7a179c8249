"""Files made from those that other folders own: kustomize reads nothing outside the folder of a kustomization.

`python k8s/generate.py` writes them anew, `python k8s/generate.py --check` says which are not what they should be (exit code 1).
A test runs the second. Standard library only.
"""

# ruff: noqa: INP001 - a program beside the manifests, no part of a package
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
RELEASE: Final = "0.1.0"
COPIES: Final = {
    "k8s/base/model-server/files/batching.config": "serving/deploy/batching.config",
    "k8s/base/model-server/files/monitoring.config": "serving/deploy/monitoring.config",
    "k8s/components/gpu/files/batching.config": "serving/deploy/batching.gpu.config",
    "k8s/components/cpu-standby/files/batching.config": "serving/deploy/batching.config",
    "k8s/components/cpu-standby/files/monitoring.config": "serving/deploy/monitoring.config",
}
"""Copy -> original."""
CLUSTER_RULES: Final = ROOT / "k8s/components/cluster-alerts/files/cluster.rules.yaml"
MADE: Final = "# Made from {0} by k8s/generate.py: change it there.\n"
LABELS: Final = {
    "app.kubernetes.io/name": "symmetra",
    "app.kubernetes.io/part-of": "symmetra",
    "app.kubernetes.io/component": "",
    "app.kubernetes.io/version": RELEASE,
}


def rule_files() -> list[Path]:
    """Prometheus's rules, as `python -m monitoring write-rules` leaves them."""
    return sorted((ROOT / "monitoring/rules").glob("*.rules.yaml"))


def dashboards() -> list[Path]:
    """Grafana's dashboards, as `python -m monitoring write-dashboards` leaves them."""
    return sorted((ROOT / "monitoring/dashboards").glob("*.json"))


def wanted() -> dict[Path, bytes]:
    """Every file that should be there, with its content."""
    files = {ROOT / copy: (ROOT / original).read_bytes() for copy, original in COPIES.items()}
    for path in rule_files():
        files[ROOT / "k8s/components/prometheus/files" / path.name] = path.read_bytes()
    for path in dashboards():
        files[ROOT / "k8s/components/grafana-dashboards/files" / path.name] = path.read_bytes()
    files[ROOT / "k8s/components/prometheus-operator/rules.yaml"] = _prometheus_rules(rule_files()).encode()
    files[ROOT / "k8s/components/cluster-alerts/rule.yaml"] = _prometheus_rules([CLUSTER_RULES]).encode()
    files[ROOT / "k8s/components/cpu-standby/deployment.yaml"] = _standby().encode()
    files[ROOT / "k8s/components/grafana-dashboards/kustomization.yaml"] = _dashboard_component().encode()
    return files


def made_beside(files: dict[Path, bytes]) -> list[Path]:
    """Files in the folders that belong to this program alone, and are not among those wanted: of an original that is gone."""
    folders = (ROOT / "k8s/components/grafana-dashboards/files",)
    rules = (ROOT / "k8s/components/prometheus/files").glob("*.rules.yaml")
    return [path for path in (*rules, *(each for folder in folders for each in folder.glob("*"))) if path not in files]


def _labels(component: str, indent: int) -> str:
    pairs = {**LABELS, "app.kubernetes.io/component": component}
    return "".join(f"{' ' * indent}{name}: {value}\n" for name, value in pairs.items())


def _prometheus_rules(paths: list[Path]) -> str:
    """One PrometheusRule for each file; its spec is a plain rule file."""
    objects = []
    for path in paths:
        name = path.name.removesuffix(".rules.yaml")
        body = "".join(
            f"  {line}" if line.strip() else line for line in path.read_text("utf-8").splitlines(keepends=True)
        )
        objects.append(
            MADE.format(path.relative_to(ROOT))
            + "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"
            + f"metadata:\n  name: symmetra-{name}\n  labels:\n{_labels('monitoring', 4)}"
            + f"    release: kube-prometheus-stack\nspec:\n{body}"
        )
    return "---\n".join(objects)


def _standby() -> str:
    """The model server once more, under another component's name."""
    text = (ROOT / "k8s/base/model-server/deployment.yaml").read_text("utf-8")
    standby = "model-server-standby"
    for old, new in (
        ("metadata:\n  name: model-server\n", f"metadata:\n  name: {standby}\n  labels:\n{_labels(standby, 4)}"),
        ("    metadata:\n      annotations:", f"    metadata:\n      labels:\n{_labels(standby, 8)}      annotations:"),
        ("  replicas: 2\n", "  replicas: 1\n"),
        # Its own: the component gpu changes the other one to what a GPU wants.
        ("            name: model-server-config\n", "            name: model-server-standby-config\n"),
    ):
        if text.count(old) != 1:
            message = f"k8s/base/model-server/deployment.yaml holds {old!r} {text.count(old)} times, not once"
            raise ValueError(message)
        text = text.replace(old, new)
    text = text.replace("component: model-server\n", f"component: {standby}\n")
    return MADE.format("k8s/base/model-server/deployment.yaml") + text


def _dashboard_component() -> str:
    """A ConfigMap for each dashboard: together they would come near to the mebibyte that one may hold."""
    lines = [
        "# Dashboards as Grafana's sidecar finds them, by label. Made, with files/, from monitoring/dashboards by k8s/generate.py.",
        "apiVersion: kustomize.config.k8s.io/v1alpha1",
        "kind: Component",
        "generatorOptions:",
        "  disableNameSuffixHash: true",
    ]
    if dashboards():
        lines.append("configMapGenerator:")
    for path in dashboards():
        lines += [
            f"  - name: dashboard-{path.stem.replace('_', '-')}",
            f"    files: [files/{path.name}]",
            "    options:",
            "      annotations:",
            f"        grafana_folder: {json.dumps('Symmetra')}",
            "      labels:",
            '        grafana_dashboard: "1"',
            *_labels("monitoring", 8).splitlines(),
        ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the files, or only look; returns the exit code."""
    files = wanted()
    left = made_beside(files)
    if "--check" in arguments:
        unlike = [path for path, content in files.items() if not path.is_file() or path.read_bytes() != content]
        sys.stderr.writelines(
            f"{path.relative_to(ROOT)} is not current: python k8s/generate.py\n" for path in [*unlike, *left]
        )
        return int(bool(unlike or left))
    for path in left:
        path.unlink()
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
