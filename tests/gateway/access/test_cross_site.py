"""Without keys only the gateway's own page and programs send photos, and no page of another site through somebody's browser."""

import pytest

from tests.support.access import add_key
from tests.support.gateway import FakeGateway, multipart

HOST = {"Host": "localhost:8080"}
OURS = [
    {}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost:8080"},
    {"Origin": "HTTP://LOCALHOST:8080", "Sec-Fetch-Site": "same-origin"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
]  # fmt: skip
OTHERS = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": ""}, {"Sec-Fetch-Site": "anything"},
    {"Origin": "https://evil.example"}, {"Origin": "http://localhost:8081"}, {"Origin": "http://localhost"}, {"Origin": "null"},
    {"Origin": ""}, {"Origin": "localhost:8080"}, {"Origin": "http://["}, {"Origin": "http://localhost:8080.evil.example"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://localhost:8080", "Sec-Fetch-Site": "cross-site"},
]  # fmt: skip


@pytest.mark.parametrize("headers", OURS, ids=str)
def test_our_own_page_and_programs_are_answered(gateway, headers):
    assert gateway.screen(headers=HOST | headers).status_code == 200


@pytest.mark.parametrize("headers", OTHERS, ids=str)
def test_what_another_site_sends_is_not(gateway, headers):
    response = gateway.screen(headers=HOST | headers)
    assert (response.status_code, response.json["code"]) == (403, "cross_site_request")
    assert gateway.crops.photos == []
    assert gateway.metric("symmetra_access_refused_total", reason="cross_site") == 1


def test_the_form_is_for_our_own_page_too(gateway):
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    headers = HOST | {"Accept": "text/html", "Origin": "null"}
    ours = gateway.client.post(
        "/", data=body, content_type=content_type, headers=headers | {"Sec-Fetch-Site": "same-origin"}
    )
    assert ours.status_code == 200
    other = gateway.client.post(
        "/", data=body, content_type=content_type, headers=headers | {"Sec-Fetch-Site": "cross-site"}
    )
    assert other.status_code == 403
    assert "cross_site_request" in other.text
    assert "<form" not in other.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_of_another_site_may_lead_here(gateway, method):
    assert gateway.client.open("/", method=method, headers=HOST | {"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_where_keys_are_needed_no_browser_sends_one_by_itself(tmp_path):
    gateway = FakeGateway(tmp_path, api_keys_file=tmp_path / "keys.json")
    headers = {"X-API-Key": add_key(tmp_path / "keys.json"), "Sec-Fetch-Site": "cross-site"}
    assert gateway.screen(headers=headers).status_code == 200
