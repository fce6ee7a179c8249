"""What comes back from signing in is believed only if all of it is right: attacks on the way, and a provider that is away or lies."""

import html
from functools import partial
from urllib.parse import parse_qs, urlencode, urlsplit

import gevent
import pytest
from joserfc.jwk import OctKey

from gateway.access.sign_in.flow import Flows
from gateway.access.sign_in.local_paths import local_path
from tests.support.clock import Clock
from tests.support.gateway import FakeGateway
from tests.support.identity_provider import base64url, make_key
from tests.support.people import HTML, ask_provider, leave, sign_in, sign_in_settings
from tests.support.sign_in_provider import SignInProvider


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One provider and one gateway for all that change neither for good."""
    folder = tmp_path_factory.mktemp("site")
    with SignInProvider() as provider:
        yield provider, FakeGateway(folder, **sign_in_settings(provider, folder))


@pytest.fixture
def provider(shared):
    shared[0].reset()
    return shared[0]


@pytest.fixture
def gateway(shared, provider):  # noqa: ARG001 - it is as it was at first
    shared[1].client = shared[1].app.test_client()
    return shared[1]


@pytest.fixture
def fresh_gateway(provider, tmp_path):
    """One that knows nothing of the provider yet."""
    return FakeGateway(tmp_path, **sign_in_settings(provider, tmp_path))


def assert_refused(gateway, response, code, status):
    assert (f"<code>{code}</code>" in response.text, response.status_code) == (True, status), response.text
    assert not [each for each in response.headers.getlist("Set-Cookie") if each.startswith("symmetra-session=e")]
    assert gateway.client.get("/", headers=HTML).status_code == 401, "nobody is signed in"


def changed(path, **changes):
    """A way back with other parameters; None leaves one out, a list names it several times."""
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return f"{parts.path}?{urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)}"


# where it leads


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example", "///evil.example", "https://evil.example", "http:evil.example", "javascript:alert(1)", "/\\evil.example",
        "\\\\evil.example", "/%2f/evil.example", "/%5cevil.example", "/\tevil.example", "/\r\nLocation: x", "/ /evil", "/.//evil.example",
        "/..//evil.example", "/a/../..//evil", "/@evil.example", "/a//evil", "evil.example", "", "/ä", "/x" * 400, "/" + "a" * 500 + "!", "/" + "a/" * 250 + "!", "/sign-in", "/sign-in/",
        "/sign-in/callback?code=x", "/sign-in?to=/sign-in", "/#x", "/?a=//evil.example", "/?a=<script>", "?to=/x", "/;evil", "/\x00",
    ],
)  # fmt: skip
def test_no_address_leads_out_of_this_gateway(gateway, to):
    response = sign_in(gateway.client, to)
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize("to", ["/", "/operator", "/?explain=true&x=%C3%A4", "/reviews/1f2e-3d", "/v1/screenings/abc"])
def test_a_page_of_ours_is_led_back_to(to):
    assert local_path(to) == to


# what comes back


def test_a_code_that_somebody_else_got_signs_nobody_in(gateway):
    """Login CSRF: the victim's browser is led to an attacker's code."""
    attacker, victim = gateway.app.test_client(), gateway.client
    planted = ask_provider(leave(attacker))
    assert_refused(gateway, victim.get(planted, headers=HTML), "sign_in_interrupted", 400)
    leave(victim)
    assert_refused(gateway, victim.get(planted, headers=HTML), "sign_in_interrupted", 400)


@pytest.mark.parametrize("state", ["", "x", None, "ä", "x" * 5000])
def test_another_state_signs_nobody_in(gateway, state):
    back = ask_provider(leave(gateway.client))
    response = gateway.client.get(changed(back, state=state), headers=HTML)
    code, status = ("sign_in_refused", 403) if state and len(state) > 4096 else ("sign_in_interrupted", 400)
    assert_refused(gateway, response, code, status)
    assert_refused(gateway, gateway.client.get(back, headers=HTML), "sign_in_interrupted", 400)


@pytest.mark.parametrize("name", ["code", "state", "iss"])
def test_a_parameter_that_is_there_twice_is_not_chosen_from(gateway, provider, name):
    provider.named_in_answer = provider.address
    back = ask_provider(leave(gateway.client))
    value = parse_qs(urlsplit(back).query)[name][0]
    assert_refused(
        gateway, gateway.client.get(changed(back, **{name: [value, value]}), headers=HTML), "sign_in_refused", 403
    )


def test_a_way_back_is_walked_once(gateway, provider):
    back = ask_provider(leave(gateway.client))
    attempt = gateway.client._cookies.copy()
    assert gateway.client.get(back, headers=HTML).status_code == 303
    gateway.client._cookies.clear()
    assert_refused(gateway, gateway.client.get(back, headers=HTML), "sign_in_interrupted", 400)
    # Whoever kept the browser's cookie meets the provider, which takes a code once.
    gateway.client._cookies.update(attempt)
    assert_refused(gateway, gateway.client.get(back, headers=HTML), "sign_in_refused", 403)
    assert len(provider.forms) == 2


def test_a_code_that_was_caught_is_worth_nothing_in_another_attempt(gateway):
    caught = parse_qs(urlsplit(ask_provider(leave(gateway.app.test_client()))).query)["code"][0]
    back = ask_provider(leave(gateway.client))
    assert_refused(gateway, gateway.client.get(changed(back, code=caught), headers=HTML), "sign_in_refused", 403)


def test_an_attempt_is_over_after_ten_minutes(provider, tmp_path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("gateway.access.sign_in.assembly.Flows", partial(Flows, now=clock))
    gateway = FakeGateway(tmp_path, **sign_in_settings(provider, tmp_path))
    for seconds, status in ((599, 303), (600, 400)):
        back = ask_provider(leave(gateway.client))
        clock.seconds += seconds
        assert gateway.client.get(back, headers=HTML).status_code == status


@pytest.mark.parametrize(
    "value",
    ["", "x", "a.b.c.d.e", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0....", "[" * 3000, "eyJhbGciOiJub25lIn0.e30."],
)
@pytest.mark.parametrize("name", ["symmetra-sign-in", "symmetra-session"])
def test_made_up_cookies_are_worth_nothing(gateway, name, value):
    gateway.client.set_cookie(name, value)
    assert gateway.client.get("/", headers=HTML).status_code == 401
    assert gateway.client.get("/sign-in/callback?code=x&state=y", headers=HTML).status_code == 400


def test_one_kind_of_cookie_is_none_of_the_other(gateway):
    sign_in(gateway.client)
    session = next(iter(gateway.client._cookies.values())).value
    other = gateway.app.test_client()
    other.set_cookie("symmetra-sign-in", session)
    assert other.get("/sign-in/callback?code=x&state=y").json["code"] == "sign_in_interrupted"
    leave(other)
    attempt = next(iter(other._cookies.values())).value
    other.set_cookie("symmetra-session", attempt)
    assert other.get("/", headers=HTML).status_code == 401


# the provider's word


CLAIMS = {
    "another nonce": {"nonce": "zq"},
    "no nonce": {"nonce": None},
    "a nonce that is no text": {"nonce": 7},
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "symmetra"},
    "several audiences and nobody who asked": {"aud": ["symmetra-page", "other"]},
    "another party asked": {"aud": ["symmetra-page", "other"], "azp": "other"},
    "no audience": {"aud": None},
    "expired": {"exp": lambda now: now - 60},
    "no end": {"exp": None},
    "not yet": {"nbf": lambda now: now + 600},
    "no moment": {"iat": None},
    "no subject": {"sub": None},
    "a subject that is no text": {"sub": 7},
    "a subject that no database takes": {"sub": "a\x00b"},
    "a subject without end": {"sub": "x" * 256},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_an_id_token_that_says_something_else_signs_nobody_in(gateway, provider, name):
    provider.claims = CLAIMS[name]
    assert_refused(gateway, sign_in(gateway.client), "sign_in_refused", 403)


SIGNATURES = {
    "an unknown key": {"key": make_key("elsewhere", "RSA")},
    "another's key under our key's name": {"key": make_key("elsewhere", "RSA"), "header": {"kid": "first"}},
    "a shared secret": {"key": OctKey.import_key(b"x" * 32, {"kid": "first"})},
    "a token for programs": {"header": {"typ": "at+jwt"}},
    "a logout token": {"header": {"typ": "logout+jwt"}},
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_an_id_token_that_is_signed_otherwise_signs_nobody_in(gateway, provider, name):
    provider.token_changes = SIGNATURES[name]
    assert_refused(gateway, sign_in(gateway.client), "sign_in_refused", 403)


def test_an_id_token_without_a_signature_signs_nobody_in(gateway, provider):
    good = provider.token(aud="symmetra-page")
    header = base64url(b'{"alg":"none"}')
    unsigned = f"{header}.{good.split('.')[1]}."
    provider.raw_answer = (200, f'{{"id_token": "{unsigned}"}}')
    assert_refused(gateway, sign_in(gateway.client), "sign_in_refused", 403)


def test_an_id_token_for_several_is_taken_where_we_asked_for_it(gateway, provider):
    provider.claims = {"aud": ["symmetra-page", "other"], "azp": "symmetra-page"}
    assert sign_in(gateway.client).status_code == 303


def test_an_id_token_lets_no_program_in_and_a_programs_token_no_person(provider, tmp_path):
    gateway = FakeGateway(tmp_path, **sign_in_settings(provider, tmp_path, oidc_audience="symmetra"))
    id_token = provider.token(aud="symmetra-page", header={"typ": "JWT"}, scope="screen read_models")
    assert gateway.client.get("/v1/models", headers={"Authorization": f"Bearer {id_token}"}).status_code == 401


@pytest.mark.parametrize(("named", "code"), [("https://evil.example", "sign_in_refused"), ("", "sign_in_refused")])
def test_an_answer_of_another_provider_is_refused_before_its_code_is_shown_to_ours(gateway, provider, named, code):
    """RFC 9207: the mix-up of two providers."""
    back = ask_provider(leave(gateway.client))
    assert_refused(gateway, gateway.client.get(changed(back, iss=named), headers=HTML), code, 403)
    assert provider.forms == []


def test_a_provider_that_always_names_itself_is_not_believed_without_its_name(fresh_gateway, provider):
    provider.configuration = {"authorization_response_iss_parameter_supported": True}
    assert_refused(fresh_gateway, sign_in(fresh_gateway.client), "sign_in_refused", 403)
    provider.named_in_answer = provider.address
    assert sign_in(fresh_gateway.client).status_code == 303


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>", "x" * 4000])
def test_what_the_provider_says_against_it_is_told_in_our_own_words(gateway, provider, error):
    provider.denies = error
    response = sign_in(gateway.client)
    assert_refused(gateway, response, "sign_in_denied", 403)
    assert error not in html.unescape(response.text)
    assert "told" not in response.text
    assert 'href="/sign-in"' in response.text


# a provider that is away


ANSWERS = {
    "an error": (500, "{}"),
    "no JSON": (200, "<html>"),
    "nothing": (200, ""),
    "a list": (200, "[]"),
    "brackets": (200, "[" * 100_000),
    "more than anybody needs": (200, '{"id_token": "' + "x" * 600_000 + '"}'),
    "a redirect": (302, "x"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_provider_that_answers_nonsense_is_away(gateway, provider, name):
    provider.raw_answer = ANSWERS[name]
    response = sign_in(gateway.client)
    assert_refused(gateway, response, "sign_in_unavailable", 503)
    assert response.headers["Retry-After"]


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        '{"id_token": 7}',
        '{"id_token": ""}',
        '{"id_token": null}',
        '{"id_token": "a.b.c"}',
        '{"id_token": "' + "x" * 300_000 + '"}',
    ],
)
def test_an_answer_without_a_token_that_can_be_read_signs_nobody_in(gateway, provider, content):
    provider.raw_answer = (200, content)
    assert_refused(gateway, sign_in(gateway.client), "sign_in_refused", 403)


def test_while_the_provider_hangs_others_are_answered_and_no_more_than_so_many_wait(provider, tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.access.sign_in.provider.MAX_EXCHANGES", 1)
    monkeypatch.setattr("gateway.access.provider_http.TIMEOUT_SECONDS", 0.5)
    gateway = FakeGateway(tmp_path, **sign_in_settings(provider, tmp_path))
    first, second = gateway.app.test_client(), gateway.app.test_client()
    ways = [ask_provider(leave(client)) for client in (first, second)]
    provider.go_on.clear()
    waiting = gevent.spawn(lambda: first.get(ways[0], headers=HTML))
    gevent.sleep(0)
    assert gateway.client.get("/healthz").status_code == 200
    assert second.get(ways[1], headers=HTML).status_code == 503
    response = waiting.get(timeout=30)
    provider.go_on.set()
    assert_refused(gateway, response, "sign_in_unavailable", 503)
    assert sign_in(gateway.client).status_code == 303, "the place is free again"


def test_a_provider_that_was_never_there_says_so_with_a_button_to_try_again(fresh_gateway, provider):
    provider.status = 503
    response = fresh_gateway.client.get("/sign-in?to=/operator", headers=HTML)
    assert_refused(fresh_gateway, response, "sign_in_unavailable", 503)
    assert "Set-Cookie" not in response.headers
    assert fresh_gateway.metric("symmetra_access_refused_total", reason="provider_unavailable") == 1


LIES = {
    "no endpoints": {"authorization_endpoint": None, "token_endpoint": None},
    "endpoints of another kind": {"authorization_endpoint": "javascript:alert(1)"},
    "endpoints in a file": {"authorization_endpoint": "file:///etc/passwd"},
    "endpoints in no address": {"authorization_endpoint": 5},
    "a line break": {"authorization_endpoint": "http://127.0.0.1/\r\nSet-Cookie: x=y"},
    "another issuer": {"issuer": "https://evil.example"},
}


@pytest.mark.parametrize("name", LIES)
def test_a_provider_that_lies_of_itself_leads_nobody_anywhere(fresh_gateway, provider, name):
    provider.configuration = LIES[name]
    assert fresh_gateway.client.get("/sign-in", headers=HTML).status_code == 503


def test_strangers_cannot_make_us_ask_the_provider_again_and_again(fresh_gateway, provider):
    for _ in range(20):
        leave(fresh_gateway.app.test_client())
    assert len(provider.requests) == 1
    provider.requests.clear()
    for _ in range(20):
        fresh_gateway.client.get("/sign-in/callback?code=x&state=y", headers=HTML)
    assert provider.requests == []
