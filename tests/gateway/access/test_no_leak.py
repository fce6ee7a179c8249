"""No key, no token, no name and no subject in a log line, a metric, a header or a body, whatever goes wrong."""

import logging
from datetime import UTC, datetime
from io import StringIO

import pytest

from gateway.access.key_text import KeyText
from gateway.access.scopes import Scope
from gateway.logs import JsonLines
from tests.support.access import add_key
from tests.support.gateway import FakeGateway
from tests.support.identity_provider import AUDIENCE, SUBJECT, IdentityProvider

NAME = "zq-ward"
ROUTES = (("POST", "/v1/screenings"), ("POST", "/"), ("GET", "/v1/models"), ("GET", "/healthz"), ("GET", "/nowhere"))


@pytest.fixture
def log():
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root, ours = logging.getLogger(), logging.getLogger("symmetra")
    before = root.handlers, root.level, ours.level
    root.handlers, root.level = [handler], logging.DEBUG
    ours.setLevel(logging.DEBUG)
    yield stream
    root.handlers, root.level = before[:2]
    ours.setLevel(before[2])


@pytest.fixture
def provider():
    with IdentityProvider() as provider:
        yield provider


def everything_said(gateway, credential, header):
    said = []
    value = f"Bearer {credential}" if header == "Authorization" else credential
    for method, path in ROUTES:
        for accept in ("text/html", "application/json"):
            response = gateway.client.open(
                path, method=method, data=b"photo", content_type="image/jpeg", headers={header: value, "Accept": accept}
            )
            said.append(response.text + str(response.headers))
    return "".join(said) + gateway.exposition()


@pytest.mark.parametrize("failure", [None, RuntimeError("boom")])
@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
@pytest.mark.parametrize("kind", ["right", "wrong secret", "without scope", "file away"])
def test_keys_and_their_names_show_up_nowhere(log, tmp_path, kind, header, failure):
    path = tmp_path / "keys.json"
    gateway = FakeGateway(tmp_path, api_keys_file=path)
    gateway.predictor.error = failure
    text = add_key(path, *((Scope.OPERATE,) if kind == "without scope" else ()), name=NAME)
    parts = text.split("_")[1:]
    if kind == "wrong secret":
        text = KeyText(parts[0], KeyText.random().secret).text
        parts = text.split("_")[1:]
    if kind == "file away":
        path.write_text("{")
    said = everything_said(gateway, text, header) + log.getvalue()
    assert len(log.getvalue().splitlines()) >= len(ROUTES)
    assert not [part for part in (*parts, NAME) if part in said]


@pytest.mark.parametrize(
    "kind", ["right", "expired", "another audience", "without scope", "unknown key", "provider away"]
)
def test_tokens_and_their_subjects_show_up_nowhere(log, tmp_path, provider, kind):
    gateway = FakeGateway(tmp_path, oidc_issuer=provider.address, oidc_audience=AUDIENCE)
    token = {
        "expired": lambda: provider.token(exp=1),
        "another audience": lambda: provider.token(aud="zq-audience"),
        "without scope": lambda: provider.token(scope="zq-scope"),
        "unknown key": lambda: provider.token(header={"kid": "zq-kid"}),
    }.get(kind, provider.token)()
    if kind == "provider away":
        provider.status = 500
    said = everything_said(gateway, token, "Authorization") + log.getvalue()
    head, body, signature = token.split(".")
    assert not [part for part in (head, body, signature, SUBJECT, "zq-") if part in said]


def test_whether_a_key_exists_does_not_show(tmp_path):
    """The same words for an id that is there with another secret, one that is revoked, and one that never was."""
    path = tmp_path / "keys.json"
    gateway = FakeGateway(tmp_path, api_keys_file=path)
    known = KeyText.parse(add_key(path))
    texts = [
        KeyText(known.id, KeyText.random().secret).text,
        KeyText.random().text,
        add_key(path, revoked=datetime.now(UTC)),
        "nonsense",
    ]
    answers = []
    for text in texts:
        response = gateway.client.get("/v1/models", headers={"X-API-Key": text})
        answers.append((response.status_code, response.headers["WWW-Authenticate"], response.json | {"instance": ""}))
    assert all(answer == answers[0] for answer in answers)
