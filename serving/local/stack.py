"""Start the parts of the local stack in order: model server, gateway, Prometheus where it is installed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from serving.contract.model import MODEL_NAME
from serving.local.ports import LOOPBACK, LocalPorts, environment_of
from serving.local.processes import ProcessGroup, http_answers
from serving.local.prometheus import find_prometheus, prometheus_command, prometheus_config
from serving.repository import ModelRepository
from serving.repository.promotion import write_first_config
from serving.repository.repository import SERVED_NAME
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient

MODEL_SERVER_GRPC_THREADS = 65
"""More than the gateway's 32 photos in flight: the default of 4 x CPUs refuses the eighth call on two cores at once."""
POLL_SECONDS = 1
"""How often the model server looks whether `models.config` has changed."""
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
    monitoring: Path

    @classmethod
    def of_environments(cls, folder: Path) -> Interpreters:
        """One environment per extra below `folder`, as `make` installs them."""
        return cls(*(folder / name / "bin" / "python" for name in ("training", "serving", "gateway", "monitoring")))

    @classmethod
    def this_one(cls) -> Interpreters:
        """The interpreter that runs now, for every component."""
        python = Path(sys.executable)
        return cls(training=python, serving=python, gateway=python, monitoring=python)


def start_model_server(group: ProcessGroup, python: Path, repository: Path, ports: LocalPorts) -> None:
    """Start the embedded model server on what `promote` says is served, and wait until it answers.

    It polls `models.config`, which is written here where there is none: then it waits for the first promotion.

    Raises:
        ProcessFailed: it ended, or its version did not become available in time.
        RepositoryError: the repository's records cannot be read.
    """
    models = ModelRepository(repository.resolve(), MODEL_NAME)
    # A folder that was moved or copied names the place where it was.
    write_first_config(models, served_from=str(models.directory))
    command: list[str | Path] = [
        python,
        "-m",
        "serving.server",
        f"--port={ports.model_server_port}",
        f"--rest_api_port={ports.model_server_rest_port}",
        f"--model_config_file={models.directory / SERVED_NAME}",
        f"--model_config_file_poll_wait_seconds={POLL_SECONDS}",
        "--max_num_load_retries=0",
        f"--grpc_max_threads={MODEL_SERVER_GRPC_THREADS}",
        "--enable_batching=true",
        f"--batching_parameters_file={_DEPLOY_FOLDER / 'batching.config'}",
        f"--monitoring_config_file={_DEPLOY_FOLDER / 'monitoring.config'}",
    ]
    group.start("model-server", command, environment_of(ports))
    with open_channel(model_server_address(ports)) as channel:
        client = ModelServerClient(channel)
        group.wait_until("model-server", lambda: client.wait_until_ready(0.2), MODEL_SERVER_TIMEOUT_SECONDS)


def model_server_address(ports: LocalPorts) -> str:
    """Where the gateway and promotions reach the model server."""
    return f"{LOOPBACK}:{ports.model_server_port}"


def start_gateway(
    group: ProcessGroup,
    python: Path,
    repository: Path,
    ports: LocalPorts,
    extra_settings: dict[str, str] | None = None,
    *,
    name: str = "gateway",
) -> None:
    """Start a gateway and wait until it can answer with the pinned version.

    Args:
        group: What it belongs to.
        python: Its interpreter.
        repository: Root of the model repository.
        ports: Of the stack.
        extra_settings: Settings beside these, or instead of them.
        name: Of its log.

    Raises:
        ProcessFailed: it refused to start (its log says why) or did not get ready in time.
    """
    settings = {
        "SYMMETRA_MODEL_SERVER": model_server_address(ports),
        "SYMMETRA_MODEL_REPOSITORY": str(repository.resolve()),
        **(extra_settings or {}),
    }
    environment = {**environment_of(ports), **settings}
    group.start(name, [python, "-m", "gateway"], environment)
    ready_url = f"http://{LOOPBACK}:{environment['SYMMETRA_PORT']}/readyz/model"
    group.wait_until(name, lambda: http_answers(ready_url), GATEWAY_TIMEOUT_SECONDS)


def start_prometheus(group: ProcessGroup, folder: Path, ports: LocalPorts, config_text: str | None = None) -> bool:
    """Start Prometheus if it is installed; say whether it runs.

    Args:
        group: What it belongs to.
        folder: For its configuration and data.
        ports: Of the stack.
        config_text: Its configuration, where it scrapes more than gateway and model server.

    Raises:
        ProcessFailed: it is installed but does not come up.
    """
    binary = find_prometheus()
    if binary is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "prometheus.json"
    config.write_text(config_text or prometheus_config(ports))
    group.start("prometheus", prometheus_command(binary, config, folder / "data", ports))
    ready_url = f"http://{LOOPBACK}:{ports.prometheus_port}/-/ready"
    group.wait_until("prometheus", lambda: http_answers(ready_url), PROMETHEUS_TIMEOUT_SECONDS)
    return True
