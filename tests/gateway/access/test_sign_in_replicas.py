"""Real replicas that share nothing but the secret: leave from one, come back to the other, go on after restarts and rotations."""

import http.client
import re
import secrets

import pytest

from tests.support.access import write_session_key
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository, multipart
from tests.support.gateway_process import GatewayProcess
from tests.support.people import ask_provider
from tests.support.sign_in_provider import CLIENT_ID, SignInProvider
from tests.support.stub_model_server import StubModelServer


class Browser:
    """Keeps cookies, whichever replica answers."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def request(self, replica, method, path, body=None, content_type=None):
        headers = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if content_type:
            headers["Content-Type"] = content_type
        connection = http.client.HTTPConnection("127.0.0.1", replica.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", ()):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            self.cookies = {name: value for name, value in self.cookies.items() if value}
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()


@pytest.fixture
def site(tmp_path):
    """What starts a replica of one site: it reads the secret as it is by then."""
    repository = make_repository(tmp_path / "models")
    secret = write_session_key(tmp_path / "session.key")
    with SignInProvider() as provider, StubModelServer(VERSION) as stub:
        settings = {
            "oidc_issuer": provider.address,
            "oidc_client_id": CLIENT_ID,
            "public_url": "http://localhost:8080",
            "session_key_file": secret,
            "sentinel_interval_seconds": 3600,
        }
        yield secret, lambda: GatewayProcess(repository.directory.parent, stub.address, **settings)


def form_token(page):
    return re.search(r'name="form_token" value="([^"]+)"', page)[1]


def test_a_person_signs_in_at_one_replica_uses_the_other_and_stays_through_restarts_and_a_rotation(site):
    secret, replica = site
    browser = Browser()
    with replica() as one, replica() as two:
        status, headers, _ = browser.request(one, "GET", "/sign-in?to=/")
        assert status == 303
        status, headers, _ = browser.request(two, "GET", ask_provider(headers["Location"]))
        assert (status, headers["Location"]) == (303, "/")
        assert set(browser.cookies) == {"symmetra-session"}
        status, _, page = browser.request(one, "GET", "/")
        assert status == 200
        body, content_type = multipart(("form_token", None, form_token(page).encode()), ("photo", "x", drawn_face()))
        status, _, answer = browser.request(two, "POST", "/", body, content_type)
        assert status == 200
        assert "score band" in answer
        assert "symmetra-session" not in one.log() + two.log() + one.metrics() + two.metrics()
        two.kill()

    old, new = secret.read_text().strip(), secrets.token_hex(32)
    secret.write_text(f"{new}\n{old}\n")
    with replica() as one:
        assert browser.request(one, "GET", "/")[0] == 200
        status, _, answer = browser.request(one, "POST", "/", body, content_type)
        assert status == 200, "forms of a page that was opened before go on too"
    secret.write_text(f"{new}\n")
    with replica() as one:
        status, _, page = browser.request(one, "GET", "/")
        assert status == 401
        assert 'href="/sign-in"' in page
