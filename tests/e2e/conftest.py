"""One real stack for all end-to-end tests: model server with TensorFlow, gateway, and Prometheus where it is installed."""

import dataclasses
from dataclasses import dataclass

import pytest

from serving.local.ports import LocalPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, start_gateway, start_model_server, start_prometheus
from tests.support.tiny_version import copy_tiny_repository


@dataclass(frozen=True)
class Stack:
    ports: LocalPorts

    @property
    def port(self) -> int:
        return self.ports.port


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    ports = LocalPorts(*(find_free_port() for _ in dataclasses.fields(LocalPorts)))
    python = Interpreters.this_one()
    with ProcessGroup(folder / "logs") as group:
        # A copy: the model server's config is written beside the versions.
        models = copy_tiny_repository(folder / "models")
        start_model_server(group, python.serving, models, ports)
        start_gateway(group, python.gateway, models, ports)
        start_prometheus(group, folder / "prometheus", ports)
        yield Stack(ports)
