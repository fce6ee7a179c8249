import pytest

from tests.support.access import add_key
from tests.support.gateway import FakeGateway
from tests.support.records import make_records


@pytest.fixture
def keeping(tmp_path):
    """A gateway that keeps records, on SQLite."""
    return FakeGateway(tmp_path, languages=("en", "de"), **make_records(tmp_path))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The same once for every test of a file; what one keeps the others see."""
    folder = tmp_path_factory.mktemp("shared")
    return FakeGateway(folder, languages=("en", "de"), **make_records(folder))


@pytest.fixture
def on_both(tmp_path, database_url):
    """The same on either database."""
    return FakeGateway(tmp_path, **make_records(tmp_path, url=database_url))


@pytest.fixture
def keyed(tmp_path):
    """A gateway that keeps records and asks for keys; `headers_of` makes a key with its name."""
    gateway = FakeGateway(tmp_path, api_keys_file=tmp_path / "keys.json", **make_records(tmp_path))

    def headers_of(name, *scopes):
        return {"Authorization": f"Bearer {add_key(tmp_path / 'keys.json', *scopes, name=name)}"}

    gateway.headers_of = headers_of
    return gateway
