"""A running installation in which nothing is wrong, as doctor's facts: for tests that spoil one thing."""

from __future__ import annotations

import json
from typing import Any

from k8s.operations.doctor.facts import InstallationFacts

COMPONENT = "app.kubernetes.io/component"

GATEWAY_METRICS = """# HELP symmetra_build_info Always 1; what runs here.
# TYPE symmetra_build_info gauge
symmetra_build_info{version="0.1.0",preprocessing_version="crop-3"} 1.0
symmetra_model_info{model="depression_severity",model_version="1",digest="abc",evidence="research"} 1.0
symmetra_paused{reason="operator"} 0.0
symmetra_sentinel_watching 1.0
symmetra_screenings_total{outcome="answered",traffic="patient"} 900.0
symmetra_shed_total{reason="queue_full"} 3.0
symmetra_receipts_total{result="failed"} 0.0
"""
PROBE_METRICS = """symmetra_probe_ready 1.0
symmetra_probe_gpu_missing 0.0
symmetra_probe_server_metrics_up 1.0
:tensorflow:serving:request_count{model_name="depression_severity",status="OK"} 1000
"""
DRIFT_METRICS = 'symmetra_drift_state{model_version="1",state="watching"} 1.0\nsymmetra_drift_state{model_version="1",state="stale"} 0.0\n'


def pod(name: str, component: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": {COMPONENT: component}},
        "status": {
            "phase": "Running",
            "containerStatuses": [{"name": component, "state": {"running": {}}}],
            "conditions": [],
        },
    }


def container(name: str, **more: Any) -> dict[str, Any]:
    base = {
        "name": name,
        "image": f"registry.st-anna.org/symmetra/{name}:0.1.0",
        "securityContext": {"readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    return base | more


def workload(name: str, *containers: dict[str, Any], replicas: int = 2) -> dict[str, Any]:
    spec = {
        "securityContext": {"runAsNonRoot": True},
        "terminationGracePeriodSeconds": 30,
        "volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory"}}],
        "containers": list(containers),
    }
    return {"metadata": {"name": name}, "spec": {"replicas": replicas, "template": {"spec": spec}}}


def right_installation() -> InstallationFacts:
    """Everything as k8s/base has it."""
    server = container(
        "tensorflow-serving",
        command=["/usr/bin/tensorflow_model_server"],
        args=[
            "--enable_profiler=false",
            "--max_num_load_retries=0",
            "--enable_batching=true",
            "--tensorflow_intra_op_parallelism=2",
        ],
        resources={"limits": {"cpu": "2"}},
        readinessProbe={"httpGet": {"path": "/v1/models/depression_severity/metadata"}},
        startupProbe={"periodSeconds": 5, "failureThreshold": 72},
    )
    gateway = container(
        "gateway",
        readinessProbe={"httpGet": {"path": "/readyz"}},
        livenessProbe={"httpGet": {"path": "/healthz"}},
        startupProbe={"httpGet": {"path": "/healthz"}},
    )
    deny = {"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}
    allow = {
        "spec": {
            "podSelector": {"matchLabels": {COMPONENT: "model-server"}},
            "policyTypes": ["Ingress"],
            "ingress": [
                {"from": [{"podSelector": {"matchLabels": {COMPONENT: "gateway"}}}], "ports": [{"port": 8500}]}
            ],
        }
    }
    autoscaler = {
        "metadata": {"name": "gateway"},
        "spec": {"minReplicas": 2, "maxReplicas": 6, "scaleTargetRef": {"name": "gateway"}, "metrics": []},
        "status": {"conditions": [{"type": "ScalingActive", "status": "True"}]},
    }
    ready = {"model": json.dumps({"status": "ready"}), "metrics": GATEWAY_METRICS}
    probe = {"ready": json.dumps({"ready": True}), "metrics": PROBE_METRICS}
    return InstallationFacts(
        namespace={"metadata": {"name": "symmetra", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
        pods=[pod("gateway-1", "gateway"), pod("gateway-2", "gateway"), pod("model-server-1", "model-server")],
        deployments=[workload("gateway", gateway), workload("model-server", server, container("probe"), replicas=1)],
        stateful_sets=[workload("drift-controller", container("drift-controller"), replicas=1)],
        services=[
            {
                "metadata": {"name": "model-server"},
                "spec": {"clusterIP": "None", "selector": {COMPONENT: "model-server"}},
            }
        ],
        network_policies=[deny, allow],
        autoscalers=[autoscaler],
        claims=[{"metadata": {"name": "models"}, "status": {"phase": "Bound"}}],
        settings={
            "SYMMETRA_MODEL_SERVER": "dns:///model-server:8500",
            "SYMMETRA_INTENDED_USE": "research",
            "SYMMETRA_REPLICAS": "6",
            "SYMMETRA_RECORD_KEY_FILE": "/run/secrets/symmetra/record-key/record.key",
            "SYMMETRA_AUDIT_CHECKPOINT_FILE": "/checkpoints/checkpoints",
        },
        pages={
            "gateway": {"gateway-1": ready, "gateway-2": dict(ready)},
            "model-server": {"model-server-1": probe},
            "drift-controller": {"drift-controller-0": {"metrics": DRIFT_METRICS}},
        },
        core_patterns={"gateway-1": "core", "model-server-1": "core"},
        forbidden={"sentinel to model-server-all:8500": "closed", "drift-controller to model-server-all:8500": ""},
    )
