"""The monitoring config: where Prometheus finds the metrics."""

from pathlib import Path

import pytest

from serving.server.config import read_metrics_path
from serving.server.flags import Flags

DEPLOY = Path(__file__).parents[3] / "serving" / "deploy"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "file.config"
        path.write_text(text)
        return str(path)

    return write


def test_monitoring_stands_where_the_file_says(written):
    assert read_metrics_path(Flags()) is None
    assert (
        read_metrics_path(Flags(rest_api_port=1, monitoring_config_file=written("prometheus_config { enable: false }")))
        is None
    )
    default = read_metrics_path(
        Flags(rest_api_port=1, monitoring_config_file=written("prometheus_config { enable: true }"))
    )
    assert default == "/monitoring/prometheus/metrics"
    elsewhere = written('prometheus_config { enable: true, path: "/m" }')
    assert read_metrics_path(Flags(rest_api_port=1, monitoring_config_file=elsewhere)) == "/m"


def test_the_monitoring_file_of_serving_deploy_is_good():
    assert read_metrics_path(Flags(rest_api_port=1, monitoring_config_file=str(DEPLOY / "monitoring.config")))
