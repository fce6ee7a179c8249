"""A Prometheus for the local stack: found on PATH, configured to scrape the gateway and the model server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from serving.local.ports import LOOPBACK, LocalPorts

MODEL_SERVER_METRICS_PATH = "/monitoring/prometheus/metrics"


def find_prometheus() -> str | None:
    """The Prometheus server on PATH, or None."""
    return shutil.which("prometheus")


def write_prometheus_config(path: Path, ports: LocalPorts) -> None:
    """Write a configuration for this stack. JSON, because every JSON document is YAML."""
    gateway = {"job_name": "gateway", "static_configs": [{"targets": [f"{LOOPBACK}:{ports.metrics_port}"]}]}
    model_server = {
        "job_name": "model-server",
        "metrics_path": MODEL_SERVER_METRICS_PATH,
        "static_configs": [{"targets": [f"{LOOPBACK}:{ports.model_server_rest_port}"]}],
    }
    config = {"global": {"scrape_interval": "5s"}, "scrape_configs": [gateway, model_server]}
    path.write_text(json.dumps(config, indent=2) + "\n")


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
