"""Without keys only names of this machine are answered, so that no page of another site asks through somebody's browser."""

import pytest

from gateway.access.routes import OPEN, ROUTES
from tests.support.access import add_key
from tests.support.gateway import DIGEST, FakeGateway

OURS = ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "127.8.0.1:1", "[::1]", "[::1]:8080", ""]
OTHERS = [
    "x", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "evil@127.0.0.1", "0.0.0.0", "[::]",
    "192.168.0.1:8080", "127.0.0.1, evil.example", "127.0.0.1:80:80", "[127.0.0.1", "127.0.0.1\u0661", "evil.example#127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_names_of_this_machine_are_answered(gateway, host):
    assert gateway.screen(headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", OTHERS)
def test_other_names_are_not(gateway, host):
    response = gateway.screen(headers={"Host": host})
    assert (response.status_code, response.json["code"]) == (421, "host_not_local")
    assert gateway.crops.photos == []
    assert gateway.metric("symmetra_access_refused_total", reason="host") == 1


@pytest.mark.parametrize("row", [row for row, need in ROUTES.items() if need is not OPEN], ids=" ".join)
def test_every_route_that_needs_something_refuses_them(gateway, row):
    method, template = row
    path = template.replace("<screening_id>", "some-answer")
    assert gateway.client.open(path, method=method, headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("path", ["/", "/nowhere", "/v1", "/healthz"])
def test_no_page_shows_them_the_model_or_the_form(gateway, path):
    seen = gateway.client.get(path, headers={"Host": "evil.example", "Accept": "text/html"})
    assert not {word for word in ("<form", "version 3", DIGEST, "drawn faces") if word in seen.text}


def test_where_keys_are_needed_the_name_does_not_matter(tmp_path):
    gateway = FakeGateway(tmp_path, api_keys_file=tmp_path / "keys.json")
    key = add_key(tmp_path / "keys.json")
    headers = {"Host": "symmetra.hospital.example", "X-API-Key": key}
    assert gateway.screen(headers=headers).status_code == 200
