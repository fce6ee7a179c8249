import pytest

from tests.support.gateway import FakeGateway


@pytest.fixture
def gateway(tmp_path):
    """A gateway that speaks every language that there is; by default it speaks English only."""
    return FakeGateway(tmp_path, languages=("en", "de"))
