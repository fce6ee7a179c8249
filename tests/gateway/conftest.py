import pytest

from tests.support.gateway import FakeGateway


@pytest.fixture
def gateway(tmp_path):
    return FakeGateway(tmp_path)
