"""Every route against every role, by session and by token, right and wrong: what `gateway/ACCESS.md` says is what happens."""

import re
import time
from io import BytesIO

import pytest

from gateway.access.roles import SCOPES, Role
from gateway.access.routes import OPEN, PAGE_ROUTES, ROUTES, SESSION
from gateway.access.scopes import Scope
from tests.support.access import add_key, write_session_key
from tests.support.gateway import FakeGateway
from tests.support.gateway_process import PROJECT
from tests.support.identity_provider import AUDIENCE, make_key
from tests.support.people import form_token, session_cookie, sign_in_settings
from tests.support.sign_in_provider import SignInProvider

EXAMPLES = {"<path:filename>": "page.css", "<code>": "no_face", "<screening_id>": "some-answer"}
COOKIE = "symmetra-session"
NOBODY = {"no credential", "a session under another secret", "a session that is over", "a token that is over", "a token for others", "a token under another key"}  # fmt: skip
"""Ways to come that let nobody in, whatever role they claim."""
DENIED = {401, 403}


def table() -> dict[tuple[str, str], dict[str, str]]:
    """The table of the document: route -> column -> cell."""
    text = (PROJECT / "gateway/ACCESS.md").read_text()
    lines = re.findall(r"^\| (.+) \|$", text[text.index("| route |") :].split("\n\n")[0], flags=re.MULTILINE)
    columns, *rows = ([cell.strip() for cell in line.split(" | ")] for line in lines)
    found = {}
    for route, *cells in rows:
        if not route.startswith("---"):
            method, template = route.strip("`").split(" ")
            found[method, template] = dict(zip(columns[1:], cells, strict=True))
    return found


def expected_row(need) -> dict[str, str]:
    if need is OPEN:
        return dict.fromkeys(("nobody", *Role, "key or token with"), "yes") | {"key or token with": "anything"}
    if need is SESSION:
        return {"nobody": "no", **dict.fromkeys(Role, "yes"), "key or token with": "nothing"}
    allowed = {role: "yes" if need in SCOPES[role] else "no" for role in Role}
    return {"nobody": "no", **allowed, "key or token with": f"`{need}`"}


def test_the_document_holds_every_route_and_says_of_each_role_what_the_code_says():
    assert table() == {row: expected_row(need) for row, need in ROUTES.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def provider():
    with SignInProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def gateway(provider, folder):
    settings = sign_in_settings(
        provider,
        folder,
        oidc_audience=AUDIENCE,
        oidc_scope_claim="roles",
        oidc_scope_mapping=tuple((role.value, tuple(SCOPES[role])) for role in Role),
        api_keys_file=folder / "keys.json",
        access_failures_per_second_per_client=0.0,
    )
    add_key(folder / "keys.json")
    return FakeGateway(folder, **settings)


@pytest.fixture(scope="module")
def secrets_of(folder):
    other = write_session_key(folder / "another.key")
    return {"session.key": folder / "session.key", "another.key": other}


def ways(provider, secrets_of, role) -> dict[str, dict]:
    """How somebody with a role may come: what goes into the headers."""
    secret, another = secrets_of["session.key"], secrets_of["another.key"]

    def session(cookie, forms=secret):
        return {"Cookie": f"{COOKIE}={cookie}", "X-Form-Token": form_token(forms)}

    def token(**changes):
        changes = {"scope": None, "roles": [role.value]} | changes
        return {"Authorization": f"Bearer {provider.token(**changes)}"}

    return {
        "no credential": {},
        "a session": session(session_cookie(secret, role.value)),
        "a session that is over": session(session_cookie(secret, role.value, now=time.time() - 1801)),
        "a session under another secret": session(session_cookie(another, role.value), forms=another),
        "a token": token(),
        "a token that is over": token(exp=lambda now: now - 60),
        "a token for others": token(aud="symmetra-page"),
        "a token under another key": token(key=make_key("elsewhere", "RSA")),
    }


def ask(gateway, row, headers):
    method, template = row
    for part, example in EXAMPLES.items():
        template = template.replace(part, example)
    return gateway.app.test_client(use_cookies=False).open(template, method=method, headers=headers, buffered=True)


@pytest.mark.parametrize("row", ROUTES, ids=" ".join)
def test_every_role_may_do_what_the_document_says_however_it_comes_and_nothing_else(gateway, provider, secrets_of, row):
    cells = table()[row]
    outcomes, expected = {}, {}
    for role in Role:
        for way, headers in ways(provider, secrets_of, role).items():
            status = ask(gateway, row, headers).status_code
            column = "nobody" if way in NOBODY else role
            allowed = cells[column] == "yes"
            if way == "a token" and ROUTES[row] is SESSION:
                allowed = False
            outcomes[role, way] = status not in DENIED
            expected[role, way] = allowed
    assert outcomes == expected


@pytest.mark.parametrize("row", [row for row in ROUTES if ROUTES[row] is not OPEN], ids=" ".join)
def test_whoever_is_refused_is_told_401_where_signing_in_or_another_key_helps_and_403_where_a_role_does(
    gateway, provider, secrets_of, row
):
    for role in Role:
        for way, headers in ways(provider, secrets_of, role).items():
            response = ask(gateway, row, headers)
            if way in NOBODY:
                assert response.status_code == 401, (role, way)
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
                is_page_without_session = row[1] in PAGE_ROUTES and way == "no credential"
                assert (response.json["code"] == "sign_in_needed") == is_page_without_session or ROUTES[row] is SESSION
            elif response.status_code == 403:
                assert response.json["code"] == "scope_missing"
            assert "Set-Cookie" not in response.headers or row[1] == "/sign-out"


@pytest.mark.parametrize("row", [row for row in ROUTES if ROUTES[row] is not OPEN and row[0] != "GET"], ids=" ".join)
def test_nothing_is_changed_by_a_cookie_alone(gateway, secrets_of, row):
    """Forms of other sites: every kind of body, without the token, with another session's, and from another site."""
    role = next(role for role in Role if ROUTES[row] is SESSION or ROUTES[row] in SCOPES[role])
    cookie = {"Cookie": f"{COOKIE}={session_cookie(secrets_of['session.key'], role.value)}"}
    elsewhere = form_token(secrets_of["another.key"])
    good = form_token(secrets_of["session.key"])
    client = gateway.app.test_client(use_cookies=False)
    path = row[1].replace("<screening_id>", "some-answer")
    bodies = {
        "nothing": {},
        "a form": {"data": {"x": "y"}},
        "a form with another's token": {"data": {"form_token": elsewhere}},
        "a token in the address": {"query_string": {"form_token": good}},
        "a form with a photo": {"data": {"photo": (BytesIO(b"photo"), "x.jpg")}},
        "a form with a photo and another's token": {
            "data": {"photo": (BytesIO(b"photo"), "x.jpg"), "form_token": elsewhere}
        },
        "a photo": {"data": b"photo", "content_type": "image/jpeg"},
        "JSON": {"json": {"form_token": good}},
        "text": {"data": f'{{"form_token": "{good}"}}', "content_type": "text/plain"},
        "another's header": {"headers": {"X-Form-Token": elsewhere}},
        "a huge form": {"data": {"x": "y" * 200_000, "form_token": good}},
    }
    gateway.crops.photos.clear()
    for name, body in bodies.items():
        headers = cookie | body.pop("headers", {})
        response = client.open(path, method=row[0], headers=headers, **body)
        assert (response.status_code, response.json["code"]) == (403, "form_token_invalid"), name
    right = {"X-Form-Token": good}
    for site in ("cross-site", "same-site"):
        response = client.open(path, method=row[0], headers=cookie | right | {"Sec-Fetch-Site": site})
        assert (response.status_code, response.json["code"]) == (403, "cross_site_request")
    response = client.open(path, method=row[0], headers=cookie | right | {"Origin": "https://evil.example"})
    assert response.json["code"] == "cross_site_request"
    assert gateway.crops.photos == []
    assert (
        client.open(path, method=row[0], headers=cookie | right | {"Sec-Fetch-Site": "same-origin"}).status_code != 403
    )


def test_whatever_a_session_may_do_its_class_of_traffic_is_patients(gateway, secrets_of):
    headers = {
        "Cookie": f"{COOKIE}={session_cookie(secrets_of['session.key'], 'clinician')}",
        "X-Traffic-Class": "loadtest",
    }
    assert ask(gateway, ("GET", "/v1/models"), headers).json["code"] == "traffic_not_granted"


def test_every_scope_is_somebodys():
    assert {scope for scopes in SCOPES.values() for scope in scopes} == set(Scope)
