from types import SimpleNamespace

import pytest

from gateway.access.scopes import Scope
from tests.support.access import add_key
from tests.support.gateway import FakeGateway

HTML = {"Accept": "text/html"}


@pytest.fixture
def operated(tmp_path):
    """A gateway with keys, and a browser of whoever may operate it."""

    def make(**settings):
        keys = tmp_path / "keys.json"
        operator, clinician = (
            {**HTML, "X-API-Key": add_key(keys, *scopes, name=name)}
            for name, scopes in (("night-shift", (Scope.OPERATE,)), ("ward", tuple(set(Scope) - {Scope.OPERATE})))
        )
        gateway = FakeGateway(tmp_path, api_keys_file=keys, **settings)
        return SimpleNamespace(
            gateway=gateway,
            look=lambda path="/operator", **headers: gateway.client.get(path, headers=operator | headers),
            order=lambda path, **fields: gateway.client.post(path, data=fields, headers=operator),
            clinician=clinician,
        )

    return make
