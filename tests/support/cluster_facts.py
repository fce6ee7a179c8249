"""A site, what its overlay needs, and a cluster that has it all: for tests that take one thing away."""

from __future__ import annotations

import copy
from typing import Any

from k8s.operations.overlay import Needs
from k8s.operations.preflight.facts import ClusterFacts
from k8s.operations.site_file import Site

VALUES = {
    "SITE_HOST": "symmetra.st-anna.org",
    "SITE_INTENDED_USE": "research",
    "SITE_REGISTRY": "registry.st-anna.org/symmetra",
    "SITE_PULL_SECRET": "symmetra-registry",
    "SITE_MODEL_VERSION": "1",
    "SITE_STORAGE_CLASS": "shared-files",
    "SITE_GPU_RESOURCE": "nvidia.com/gpu",
    "SITE_GPU_SELECTOR": "nvidia.com/gpu.present=true",
    "SITE_GPU_RUNTIME_CLASS": "nvidia",
    "SITE_OIDC_ISSUER": "https://login.st-anna.org/realms/staff",
    "SITE_OIDC_RANGE": "10.1.2.0/24",
    "SITE_DATABASE": "postgres.st-anna.org:5432",
    "SITE_DATABASE_RANGE": "10.1.3.7/32",
    "SITE_PROMETHEUS_URL": "http://prometheus-operated.monitoring.svc:9090",
    "SITE_PROMETHEUS_NAMESPACE": "monitoring",
    "SITE_PROMETHEUS_LABEL": "release=kube-prometheus-stack",
    "SITE_INGRESS_CLASS": "nginx",
    "SITE_INGRESS_NAMESPACE": "ingress-nginx",
    "SITE_INGRESS_RANGE": "10.42.0.0/16",
    "SITE_HOST_RANGE": "10.1.4.0/24",
    "SITE_CA_BUNDLE": "symmetra-ca",
}
SECRETS = {
    "symmetra-session-key": ["session.key"],
    "symmetra-record-key": ["record.key"],
    "symmetra-records": ["url"],
    "symmetra-api-keys": ["api-keys.json"],
    "symmetra-oidc-client": ["client-secret"],
    "symmetra-sentinel-key": ["key"],
    "symmetra-tls": ["tls.crt", "tls.key"],
}
NEEDS = Needs(
    shared_volume=True,
    gpu=True,
    runtime_class=True,
    groups=frozenset({"monitoring.coreos.com"}),
    secrets=frozenset(SECRETS),
    config_maps=frozenset({"symmetra-ca"}),
    ingress=True,
    processor_time=True,
    default_storage=True,
)


DEFAULT_CLASS = {
    "metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": "ebs.csi.aws.com",
}


def site_text(**changes: str | None) -> str:
    """A right site file, with some values changed, or taken out where None."""
    values = VALUES | {f"SITE_{key.upper()}": value for key, value in changes.items()}
    return "".join(f"{key}={value}\n" for key, value in values.items() if value is not None)


def site(**changes: str | None) -> Site:
    return Site.parse(site_text(**changes))


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, **more}


def reach_facts() -> list[dict[str, Any]]:
    def fact(target: str, host: str, port: int, address: str, **more: Any) -> dict[str, Any]:
        base = {
            "target": target,
            "host": host,
            "port": port,
            "addresses": [address],
            "error": "",
            "detail": "",
            "status": 200,
        }
        return base | more

    return [
        fact("identity provider", "login.st-anna.org", 443, "10.1.2.9", issuer=VALUES["SITE_OIDC_ISSUER"]),
        fact("database", "postgres.st-anna.org", 5432, "10.1.3.7", tls=True),
        fact("Prometheus", "prometheus-operated.monitoring.svc", 9090, "10.43.0.9"),
    ]


def right_facts(ca_pem: str) -> ClusterFacts:
    """A cluster in which nothing is missing."""
    secrets: dict[str, dict[str, Any]] = {
        name: {"type": "Opaque", "keys": list(keys)} for name, keys in SECRETS.items()
    }
    secrets["symmetra-registry"] = {"type": "kubernetes.io/dockerconfigjson", "keys": [".dockerconfigjson"]}
    gpu_node = {
        "metadata": {"name": "gpu-1", "labels": {"nvidia.com/gpu.present": "true"}},
        "spec": {"taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "16", "nvidia.com/gpu": "1"}},
    }
    plain_node = {"metadata": {"name": "cpu-1", "labels": {}}, "spec": {}, "status": {"allocatable": {"cpu": "8"}}}
    selector = {"matchLabels": {"release": "kube-prometheus-stack"}}
    operator = {
        "metadata": {"name": "k8s", "namespace": "monitoring"},
        "spec": {"serviceMonitorSelector": selector, "podMonitorSelector": {}, "ruleSelector": selector},
    }
    return ClusterFacts(
        version="v1.34.2",
        namespace="symmetra",
        nodes=[gpu_node, plain_node],
        storage_classes=[
            named("shared-files", provisioner="nfs.csi.k8s.io"),
            DEFAULT_CLASS,
        ],
        runtime_classes=[named("nvidia")],
        ingress_classes=[named("nginx")],
        namespaces=[named(name) for name in ("symmetra", "monitoring", "ingress-nginx", "kube-system")],
        operators=[copy.deepcopy(operator)],
        api_groups=["apps", "metrics.k8s.io", "monitoring.coreos.com"],
        agents=["calico-node", "kube-proxy"],
        secrets=secrets,
        config_maps={"symmetra-ca": {"ca.crt": ca_pem}},
        reach=reach_facts(),
    )
