"""Start the parts of the local stack in order: model server, gateway, Prometheus where it is installed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from serving.contract.model import MODEL_NAME
from serving.local.ports import LOOPBACK, LocalPorts, environment_of
from serving.local.processes import ProcessGroup, http_answers
from serving.local.prometheus import find_prometheus, prometheus_command, write_prometheus_config

MODEL_SERVER_GRPC_THREADS = 65
"""More than the gateway's 32 photos in flight: the default of 4 x CPUs refuses the eighth call on two cores at once."""
MODEL_SERVER_TIMEOUT_SECONDS = 120.0
GATEWAY_TIMEOUT_SECONDS = 60.0
PROMETHEUS_TIMEOUT_SECONDS = 30.0
_DEPLOY_FOLDER = Path(__file__).resolve().parent.parent / "deploy"


@dataclass(frozen=True, slots=True)
class Interpreters:
    """The Python of each component: the demo gives each its own environment, tests run all in one."""

    training: Path
    serving: Path
    gateway: Path

    @classmethod
    def of_environments(cls, folder: Path) -> Interpreters:
        """One environment per extra below `folder`, as `make` installs them."""
        return cls(*(folder / name / "bin" / "python" for name in ("training", "serving", "gateway")))

    @classmethod
    def this_one(cls) -> Interpreters:
        """The interpreter that runs now, for every component."""
        python = Path(sys.executable)
        return cls(training=python, serving=python, gateway=python)


def start_model_server(group: ProcessGroup, python: Path, repository: Path, ports: LocalPorts) -> None:
    """Start the embedded model server on one repository and wait until it answers.

    Raises:
        ProcessFailed: it ended, or no version became available in time.
    """
    command: list[str | Path] = [
        python,
        "-m",
        "serving.server",
        f"--port={ports.model_server_port}",
        f"--rest_api_port={ports.model_server_rest_port}",
        f"--model_name={MODEL_NAME}",
        f"--model_base_path={(repository / MODEL_NAME).resolve()}",
        f"--grpc_max_threads={MODEL_SERVER_GRPC_THREADS}",
        "--enable_batching=true",
        f"--batching_parameters_file={_DEPLOY_FOLDER / 'batching.config'}",
        f"--monitoring_config_file={_DEPLOY_FOLDER / 'monitoring.config'}",
    ]
    group.start("model-server", command, environment_of(ports))
    status_url = f"http://{LOOPBACK}:{ports.model_server_rest_port}/v1/models/{MODEL_NAME}"
    group.wait_until("model-server", lambda: http_answers(status_url), MODEL_SERVER_TIMEOUT_SECONDS)


def start_gateway(
    group: ProcessGroup, python: Path, repository: Path, ports: LocalPorts, extra_settings: dict[str, str] | None = None
) -> None:
    """Start the gateway and wait until it can answer with the pinned version.

    Raises:
        ProcessFailed: it refused to start (its log says why) or did not get ready in time.
    """
    settings = {
        "SYMMETRA_MODEL_SERVER": f"{LOOPBACK}:{ports.model_server_port}",
        "SYMMETRA_MODEL_REPOSITORY": str(repository.resolve()),
        **(extra_settings or {}),
    }
    group.start("gateway", [python, "-m", "gateway"], {**environment_of(ports), **settings})
    ready_url = f"http://{LOOPBACK}:{ports.port}/readyz/model"
    group.wait_until("gateway", lambda: http_answers(ready_url), GATEWAY_TIMEOUT_SECONDS)


def start_prometheus(group: ProcessGroup, folder: Path, ports: LocalPorts) -> bool:
    """Start Prometheus if it is installed; say whether it runs.

    Raises:
        ProcessFailed: it is installed but does not come up.
    """
    binary = find_prometheus()
    if binary is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "prometheus.json"
    write_prometheus_config(config, ports)
    group.start("prometheus", prometheus_command(binary, config, folder / "data", ports))
    ready_url = f"http://{LOOPBACK}:{ports.prometheus_port}/-/ready"
    group.wait_until("prometheus", lambda: http_answers(ready_url), PROMETHEUS_TIMEOUT_SECONDS)
    return True
