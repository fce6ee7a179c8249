"""A Prometheus for the local stack: found on PATH, configured to scrape the gateway and the model server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from serving.local.ports import LOOPBACK, LocalPorts, WatchedPorts

MODEL_SERVER_METRICS_PATH = "/monitoring/prometheus/metrics"


def find_prometheus() -> str | None:
    """The Prometheus server on PATH, or None."""
    return shutil.which("prometheus")


def prometheus_config(ports: LocalPorts) -> str:
    """The configuration for this stack. JSON, because every JSON document is YAML."""
    return _config("5s", [_job("gateway", ports.metrics_port), _model_server(ports)])


def watched_config(ports: WatchedPorts, rules: Path, *, scrape_seconds: float, alertmanager: bool) -> str:
    """The configuration for a stack that is watched.

    Args:
        ports: Of the stack.
        rules: Folder of the rule files.
        scrape_seconds: Between two scrapes.
        alertmanager: Whether one runs that is to be told of alerts.
    """
    jobs = [
        _job("gateway", ports.metrics_port, ports.second_gateway_metrics_port),
        _model_server(ports),
        _job("drift-controller", ports.drift_controller_port),
        _job("sentinel", ports.sentinel_port),
        _job("prometheus", ports.prometheus_port),
    ]
    if not alertmanager:
        return _config(f"{scrape_seconds * 1000:.0f}ms", jobs, rule_files=[f"{rules}/*.rules.yaml"])
    target = {"static_configs": [{"targets": [f"{LOOPBACK}:{ports.alertmanager_port}"]}]}
    jobs.append(_job("alertmanager", ports.alertmanager_port))
    return _config(
        f"{scrape_seconds * 1000:.0f}ms",
        jobs,
        rule_files=[f"{rules}/*.rules.yaml"],
        alerting={"alertmanagers": [target]},
    )


def _config(interval: str, jobs: list[dict[str, Any]], **more: object) -> str:
    content = {"global": {"scrape_interval": interval, "scrape_timeout": interval}, **more, "scrape_configs": jobs}
    return json.dumps(content, indent=2) + "\n"


def _job(name: str, *ports: int) -> dict[str, Any]:
    return {"job_name": name, "static_configs": [{"targets": [f"{LOOPBACK}:{port}" for port in ports]}]}


def _model_server(ports: LocalPorts) -> dict[str, Any]:
    return {**_job("model-server", ports.model_server_rest_port), "metrics_path": MODEL_SERVER_METRICS_PATH}


def prometheus_command(binary: str, config: Path, storage: Path, ports: LocalPorts) -> list[str]:
    """The command line: loopback only, data under the demo's own folder, two hours kept."""
    return [
        binary,
        f"--config.file={config}",
        f"--storage.tsdb.path={storage}",
        "--storage.tsdb.retention.time=2h",
        f"--web.listen-address={LOOPBACK}:{ports.prometheus_port}",
        "--log.level=warn",
    ]
