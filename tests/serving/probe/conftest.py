import pytest

from serving.probe.device import Device, DeviceReport
from serving.probe.pinned import PinWatch
from serving.probe.prober import Prober
from serving.repository import ModelRepository
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from tests.support.golden_server import MODEL, GoldenServer, publish_golden_version

CPU = DeviceReport(Device.CPU, Device.CPU, "a test says so")


@pytest.fixture
def root(tmp_path):
    """A repository with version 1 of `toy` pinned."""
    publish_golden_version(tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def server():
    with GoldenServer(1) as running:
        yield running


@pytest.fixture
def prober(root, server):
    with open_channel(f"127.0.0.1:{server.port}") as channel:
        watch = PinWatch(ModelRepository(root, MODEL))
        yield Prober(ModelServerClient(channel), watch, lambda: CPU, crops_per_look=2, deadline_seconds=5.0)
