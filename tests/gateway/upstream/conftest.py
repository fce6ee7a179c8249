import pytest

from gateway.pin import PinReader
from tests.support.gateway import VERSION, make_repository
from tests.support.stub_model_server import StubModelServer
from tests.support.upstream import Upstream


@pytest.fixture
def stub():
    with StubModelServer(VERSION) as server:
        yield server


@pytest.fixture
def results():
    """Results of every attempt, as the metrics are told them."""
    return []


@pytest.fixture
def connect(results):
    """Connect to an address; closed at the end of the test."""
    opened = []

    def connect(address, **options):
        opened.append(Upstream(address, results=results, **options))
        return opened[-1]

    yield connect
    for upstream in opened:
        upstream.__exit__()


@pytest.fixture
def model(tmp_path):
    return PinReader(make_repository(tmp_path), allow_demo=True, on_change=lambda _: None).current()
