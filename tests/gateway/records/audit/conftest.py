import pytest

from gateway.access.secret_keys import SecretKeys
from gateway.records.database import open_database


@pytest.fixture
def keys():
    return SecretKeys.random()


@pytest.fixture
def engine(database_url):
    engine = open_database(database_url)
    yield engine
    engine.dispose()
