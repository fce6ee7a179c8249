"""People sign in at a real provider, use the page, and sign out: what a browser meets, and what the provider is asked."""

import dataclasses
import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import flask
import pytest
from sqlalchemy import select

from gateway.access.requirements import missing_for_access
from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.commands.checks import State, check_issuer
from gateway.errors import SettingsInvalid
from gateway.languages.de import GERMAN
from gateway.logs import JsonLines
from gateway.records.database import open_database
from gateway.records.tables import AUDIT_EVENTS
from gateway.settings import Settings
from tests.support.gateway import FakeGateway, multipart
from tests.support.identity_provider import SUBJECT
from tests.support.people import HTML, ask_provider, form_token_of, leave, sign_in, sign_in_settings
from tests.support.records import make_records
from tests.support.sign_in_provider import CLIENT_ID, CLIENT_SECRET, SignInProvider


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


def cookies(client):
    return {cookie.key: cookie for cookie in client._cookies.values()}


def refused(response, status, code):
    assert response.status_code == status, response.text
    assert f"<code>{code}</code>" in response.text
    return True


def test_whoever_is_not_signed_in_gets_a_button_and_no_form(gateway):
    response = gateway.client.get("/", headers=HTML)
    assert refused(response, 401, "sign_in_needed")
    assert 'class="button" href="/sign-in">Sign in</a>' in response.text
    assert "<form" not in response.text
    assert "version 3" not in response.text


def test_the_button_is_there_in_german_too(provider, tmp_path):
    gateway = FakeGateway(tmp_path, languages=("en", "de"), **sign_in_settings(provider, tmp_path))
    page = gateway.client.get("/", headers=HTML | {"Accept-Language": "de"}).text
    assert f">{GERMAN.page['sign_in']}</a>" in page
    assert GERMAN.problems["sign_in_needed"].advice in page


def test_a_browser_leaves_with_pkce_state_and_nonce_and_the_provider_hears_of_nothing_else(gateway, provider):
    address = leave(gateway.client, "/?explain=true")
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{provider.address}/authorize?tenant=1&")
    assert (query["client_id"], query["response_type"], query["scope"]) == (CLIENT_ID, "code", "openid")
    assert (query["code_challenge_method"], query["redirect_uri"]) == ("S256", "http://localhost/sign-in/callback")
    assert set(query) == {
        "tenant", "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
    }  # fmt: skip
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    assert min(len(query[name]) for name in ("state", "nonce", "code_challenge")) == 43
    again = parse_qs(urlsplit(leave(gateway.client)).query)
    assert not {again[name][0] for name in ("state", "nonce", "code_challenge")} & set(query.values())


def test_signing_in_leads_back_to_the_page_that_was_asked_for_with_a_session(gateway):
    response = sign_in(gateway.client, "/?explain=true")
    assert (response.status_code, response.headers["Location"]) == (303, "/?explain=true")
    assert response.headers["Cache-Control"] == "no-store"
    page = gateway.client.get("/", headers=HTML)
    assert page.status_code == 200
    assert '<form id="upload"' in page.text
    assert "Sign out" in page.text


def test_the_cookie_is_short_sealed_and_names_nobody(gateway):
    sign_in(gateway.client)
    assert set(cookies(gateway.client)) == {"symmetra-session"}, "the attempt's own is gone"
    cookie = cookies(gateway.client)["symmetra-session"]
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.max_age) == (True, "Lax", "/", None)
    assert len(cookie.value) < 512
    assert SUBJECT not in cookie.value
    assert "clinician" not in cookie.value


def test_over_tls_the_cookies_are_this_hosts_alone(provider, tmp_path):
    settings = sign_in_settings(provider, tmp_path, public_url="https://symmetra.example", tls_in_front=True)
    gateway = FakeGateway(tmp_path, **settings)
    response = gateway.client.get("/sign-in", base_url="https://symmetra.example")
    assert "redirect_uri=https%3A%2F%2Fsymmetra.example%2Fsign-in%2Fcallback" in response.headers["Location"]
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-symmetra-sign-in=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    back = gateway.client.get(ask_provider(response.headers["Location"]), base_url="https://symmetra.example")
    names = [each.split("=")[0] for each in back.headers.getlist("Set-Cookie") if "Max-Age=0" not in each]
    assert names == ["__Host-symmetra-session"]


def test_receipts_and_limits_know_a_person_by_a_digest_alone(fresh_gateway):
    seen = []
    fresh_gateway.app.before_request(lambda: seen.append(flask.g.caller))
    sign_in(fresh_gateway.client)
    fresh_gateway.client.get("/", headers=HTML)
    assert re.fullmatch(r"oidc:[0-9a-f]{64}", seen[-1].name)
    assert seen[-1].traffic == "patient"


def test_a_photo_is_answered_with_the_form_of_the_session(gateway):
    sign_in(gateway.client)
    token = form_token_of(gateway.client)
    body, content_type = multipart(("form_token", None, token.encode()), ("photo", "x.jpg", b"photo"))
    response = gateway.client.post("/", data=body, content_type=content_type, headers=HTML)
    assert response.status_code == 200
    assert "score band" in response.text


@pytest.mark.parametrize("secret_in_form", [False, True])
def test_a_client_with_a_secret_shows_it_as_the_provider_wants_it(provider, tmp_path, secret_in_form):
    provider.secret = CLIENT_SECRET
    if secret_in_form:
        provider.configuration = {"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]}
    (tmp_path / "client.secret").write_text(CLIENT_SECRET + "\n")
    settings = sign_in_settings(provider, tmp_path, oidc_client_secret_file=tmp_path / "client.secret")
    gateway = FakeGateway(tmp_path, **settings)
    assert sign_in(gateway.client).status_code == 303
    assert gateway.client.get("/", headers=HTML).status_code == 200
    assert ("client_secret" in provider.forms[0]) == secret_in_form == (provider.authorizations[0] is None)


def test_a_person_without_a_role_is_told_whom_to_ask_and_gets_no_session(provider, tmp_path):
    settings = sign_in_settings(provider, tmp_path, access_contact="the service desk, extension 4711")
    gateway = FakeGateway(tmp_path, **settings)
    provider.roles = ["canteen", "root"]
    response = sign_in(gateway.client)
    assert refused(response, 403, "role_missing")
    assert "the service desk, extension 4711" in response.text
    assert not cookies(gateway.client)
    assert gateway.metric("symmetra_access_refused_total", reason="role") == 1


def test_roles_come_from_the_claim_that_the_site_names(provider, tmp_path):
    settings = sign_in_settings(
        provider, tmp_path, oidc_role_claim="realm.groups", oidc_role_mapping=(("ward-3", "auditor"),)
    )
    gateway = FakeGateway(tmp_path, **settings)
    provider.claims = {"realm": {"groups": ["ward-3"]}}
    sign_in(gateway.client)
    assert gateway.client.get("/v1/models").status_code == 200
    response = gateway.client.post("/v1/screenings", data=b"photo", content_type="image/jpeg")
    assert response.json["code"] == "form_token_invalid"
    token = form_token_of(gateway.client)
    response = gateway.client.post(
        "/v1/screenings", data=b"photo", content_type="image/jpeg", headers={"X-Form-Token": token}
    )
    assert (response.status_code, response.json["code"]) == (403, "scope_missing")


def test_signing_out_takes_the_cookie_and_leads_to_the_providers_own_sign_out(gateway, provider):
    sign_in(gateway.client)
    token = form_token_of(gateway.client)
    response = gateway.client.post("/sign-out", data={"form_token": token}, headers=HTML)
    assert response.status_code == 200
    address = response.headers["Refresh"].removeprefix("0; url=")
    assert address.startswith(f"{provider.address}/logout?client_id={CLIENT_ID}&post_logout_redirect_uri=")
    assert html.escape(address) in response.text
    assert not cookies(gateway.client)
    assert gateway.client.get("/", headers=HTML).status_code == 401


def test_an_operator_can_sign_out_of_the_operator_page_too(gateway, provider):
    provider.roles = ["operator"]
    assert sign_in(gateway.client, "/operator").headers["Location"] == "/operator"
    assert 'action="/sign-out"' in gateway.client.get("/operator", headers=HTML).text
    assert 'action="/sign-out"' not in gateway.client.get("/reference", headers=HTML).text


def test_a_provider_without_a_sign_out_is_not_led_to(fresh_gateway, provider):
    provider.configuration = {"end_session_endpoint": None}
    sign_in(fresh_gateway.client)
    response = fresh_gateway.client.post(
        "/sign-out", data={"form_token": form_token_of(fresh_gateway.client)}, headers=HTML
    )
    assert response.status_code == 200
    assert "Refresh" not in response.headers
    assert provider.address not in response.text


def test_where_nobody_can_sign_in_the_addresses_say_so(tmp_path):
    gateway = FakeGateway(tmp_path)
    for response in (
        gateway.client.get("/sign-in"),
        gateway.client.get("/sign-in/callback?code=x&state=y"),
        gateway.client.post("/sign-out"),
    ):
        assert (response.status_code, response.json["code"]) == (404, "sign_in_off")
        assert "Set-Cookie" not in response.headers


def test_keys_and_tokens_of_programs_need_no_form_token_whatever_cookies_come_along(provider, tmp_path):
    settings = sign_in_settings(provider, tmp_path, oidc_audience="symmetra")
    gateway = FakeGateway(tmp_path, **settings)
    sign_in(gateway.client)
    response = gateway.screen(headers={"Authorization": f"Bearer {provider.token()}"})
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers


# settings


TOGETHER = {
    "oidc_issuer": "https://id.example",
    "oidc_client_id": "page",
    "public_url": "https://symmetra.example",
    "session_key_file": "session.key",
}
CONTRADICTIONS = {
    "nobody's tokens": (
        {"oidc_issuer": None, "oidc_client_id": None, "oidc_audience": "symmetra"},
        "OIDC_AUDIENCE is set",
    ),
    "a provider for nothing": ({"oidc_client_id": None}, "OIDC_ISSUER needs SYMMETRA_OIDC_AUDIENCE"),
    "no provider": ({"oidc_issuer": None}, "OIDC_ISSUER is missing"),
    "nowhere to come back to": ({"public_url": None}, "PUBLIC_URL is missing"),
    "no secret": ({"session_key_file": None}, "SESSION_KEY_FILE is missing"),
    "nobody's secret": ({"oidc_client_id": None, "oidc_audience": "x", "oidc_client_secret_file": "s"}, "whose secret"),
    "one word for people and programs": ({"oidc_audience": "page"}, "are the same"),
    "a scope that names nobody": ({"oidc_sign_in_scope": "profile"}, "does not hold openid"),
    "a short life": ({"session_absolute_seconds": "60"}, "SESSION_ABSOLUTE_SECONDS is 60: less than"),
}


def environment(**changes):
    values = {"model_repository": "m"} | TOGETHER | changes
    return {f"SYMMETRA_{name.upper()}": value for name, value in values.items() if value is not None}


def test_these_settings_go_together():
    assert Settings.from_environment(environment()).oidc_client_id == "page"


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_settings_that_do_not_go_together_are_named(name):
    changes, says = CONTRADICTIONS[name]
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment(environment(**changes))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "http://symmetra.example",
        "symmetra.example",
        "https://symmetra.example/app",
        "https://u@symmetra.example",
        "https://x/?a",
        "",
    ],
)
def test_people_come_over_tls_to_an_address_without_a_path(value):
    with pytest.raises(SettingsInvalid, match="SYMMETRA_PUBLIC_URL"):
        Settings.from_environment(environment(public_url=value))
    assert (
        Settings.from_environment(environment(public_url="https://symmetra.example/")).public_url
        == "https://symmetra.example"
    )


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_secret_that_cannot_be_read_keeps_the_gateway_from_starting_and_is_not_repeated(tmp_path, content):
    path = tmp_path / "client.secret"
    if content is not None:
        path.write_bytes(content)
    (missing,) = missing_for_access(Settings(model_repository=tmp_path, oidc_client_secret_file=path))
    assert missing.startswith("SYMMETRA_OIDC_CLIENT_SECRET_FILE: ")


# what is kept of it


def test_records_hold_who_signed_in_and_out_and_who_was_turned_away(provider, tmp_path):
    records = make_records(tmp_path)
    gateway = FakeGateway(tmp_path, **sign_in_settings(provider, tmp_path), **records)
    sign_in(gateway.client)
    gateway.client.post("/sign-out", data={"form_token": form_token_of(gateway.client)})
    provider.roles = []
    sign_in(gateway.client)
    engine = open_database(records["records_url"])
    with engine.connect() as connection:
        events = [(row.kind, row.actor, json.loads(row.details)) for row in connection.execute(select(AUDIT_EVENTS))]
    engine.dispose()
    kinds = [kind for kind, _, _ in events]
    assert kinds == ["sign_in", "sign_out", "refused"]
    (digest,) = SecretKeys.read(records["record_key_file"]).digests(Purpose.CALLER, SUBJECT)
    assert {actor for _, actor, _ in events} == {f"oidc:{digest}"}
    assert events[0][2] == {"roles": "clinician"}
    assert events[2][2]["code"] == "role_missing"
    assert SUBJECT not in str(events)


def test_nobody_signs_in_unseen_where_records_are_on_and_away_and_everybody_signs_out(provider, tmp_path):
    records = make_records(tmp_path)
    gateway = FakeGateway(tmp_path, **sign_in_settings(provider, tmp_path), **records)
    sign_in(gateway.client)
    token = form_token_of(gateway.client)
    database = tmp_path / "receipts.db"
    database.rename(tmp_path / "elsewhere.db")
    database.mkdir()
    other = gateway.app.test_client()
    back = ask_provider(leave(other))
    gateway.app.extensions["symmetra_records"].trail._engine.dispose()
    response = other.get(back, headers=HTML)
    assert (response.status_code, "records_unavailable" in response.text) == (503, True)
    assert "symmetra-session" not in cookies(other)
    assert gateway.client.post("/sign-out", data={"form_token": token}).status_code == 200
    assert not cookies(gateway.client)


def test_nothing_that_came_along_the_way_is_said_or_logged(provider, tmp_path, caplog):
    provider.secret = CLIENT_SECRET
    (tmp_path / "client.secret").write_text(CLIENT_SECRET)
    settings = sign_in_settings(provider, tmp_path, oidc_client_secret_file=tmp_path / "client.secret")
    gateway = FakeGateway(tmp_path, **settings)
    caplog.set_level("DEBUG")
    said, secrets = [], [SUBJECT, "zq", CLIENT_SECRET]
    for changes in ({}, {"nonce": "zq-nonce"}, {"roles": ["zq-role"]}, {"aud": "zq-audience"}):
        provider.claims = changes
        address = leave(gateway.client)
        back = ask_provider(address)
        response = gateway.client.get(back, headers=HTML)
        said.append(response.text)
        secrets += [values[0] for values in parse_qs(urlsplit(back).query).values()]
        secrets += [cookie.value for cookie in cookies(gateway.client).values()]
    lines = "".join(JsonLines().format(record) for record in caplog.records)
    everything = "".join(said) + lines + gateway.exposition()
    assert "/sign-in/callback" in lines
    assert not [secret for secret in secrets if secret in everything]


def test_check_says_where_people_sign_in_and_what_the_provider_lacks_for_it(provider, tmp_path):
    settings = Settings(model_repository=tmp_path, **sign_in_settings(provider, tmp_path))
    assert "people sign in there, and come back to http://localhost" in check_issuer(settings).says
    provider.configuration = {"token_endpoint": None}
    assert check_issuer(settings).state is State.FAILED
    programs = dataclasses.replace(settings, oidc_client_id=None)
    assert "people do not sign in" in check_issuer(programs).says
