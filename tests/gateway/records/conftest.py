import pytest

from tests.support.gateway import FakeGateway
from tests.support.records import make_records, open_store


@pytest.fixture
def records(tmp_path):
    return make_records(tmp_path)


@pytest.fixture
def keeping(tmp_path, records):
    """A gateway that keeps receipts."""
    return FakeGateway(tmp_path, languages=("en", "de"), **records)


@pytest.fixture
def store(records):
    store = open_store(records["records_url"])
    yield store
    store.close()
