"""Flags and a text file to where Prometheus may scrape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from serving.server.text_files import read_text_proto
from serving.wire.server_config_pb2 import MonitoringConfig

if TYPE_CHECKING:
    from serving.server.flags import Flags

DEFAULT_METRICS_PATH: Final = "/monitoring/prometheus/metrics"


def read_metrics_path(flags: Flags) -> str | None:
    """Where on the REST port Prometheus may scrape; None where monitoring is off.

    Raises:
        InvalidArgument: The file cannot be parsed.
    """
    if not flags.monitoring_config_file or not flags.rest_api_port:
        # Theirs does not even read the file where there is no port to scrape.
        return None
    prometheus = read_text_proto(Path(flags.monitoring_config_file), MonitoringConfig()).prometheus_config
    return (prometheus.path or DEFAULT_METRICS_PATH) if prometheus.enable else None
