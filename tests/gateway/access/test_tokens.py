"""Bearer tokens, checked against a real identity provider over HTTP."""

import hmac
import json

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.access.scopes import Scope
from gateway.access.token_scopes import scope_mapping, scopes_of
from gateway.errors import SettingsInvalid
from gateway.settings import Settings
from tests.support.access import add_key
from tests.support.gateway import FakeGateway
from tests.support.identity_provider import AUDIENCE, IdentityProvider, base64url

SKEW = 30


@pytest.fixture(scope="module")
def shared_provider():
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def shared_gateway(shared_provider, tmp_path_factory):
    return make_gateway(tmp_path_factory.mktemp("gateway"), shared_provider)


@pytest.fixture
def provider():
    with IdentityProvider() as provider:
        yield provider


def make_gateway(folder, provider, **settings):
    values = {
        "oidc_issuer": provider.address,
        "oidc_audience": AUDIENCE,
        "oidc_clock_skew_seconds": SKEW,
        "access_failures_per_second_per_client": 0.0,
    }
    return FakeGateway(folder, **(values | settings))


def outcome(gateway, token):
    """`screened`, or the code of the refusal."""
    response = gateway.screen(headers={"Authorization": f"Bearer {token}"})
    if response.status_code == 200:
        return "screened"
    if response.status_code == 401:
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    return response.json["code"]


def test_a_right_token_is_taken_and_its_keys_are_fetched_once(provider, tmp_path):
    gateway = make_gateway(tmp_path, provider)
    assert [outcome(gateway, provider.token()) for _ in range(5)] == ["screened"] * 5
    assert provider.fetches == 1


@pytest.mark.parametrize("kind", ["EC", "OKP"])
def test_other_asymmetric_algorithms_are_taken_too(provider, tmp_path, kind):
    provider.rotate("other", kind=kind)
    assert outcome(make_gateway(tmp_path, provider), provider.token()) == "screened"


CLAIMS = {
    "another audience": ({"aud": "another"}, "credential_invalid"),
    "our audience among others": ({"aud": ["another", AUDIENCE]}, "screened"),
    "part of our audience": ({"aud": AUDIENCE[:-1]}, "credential_invalid"),
    "no audience": ({"aud": None}, "credential_invalid"),
    "empty audience": ({"aud": []}, "credential_invalid"),
    "another issuer": ({"iss": "https://elsewhere.example"}, "credential_invalid"),
    "no issuer": ({"iss": None}, "credential_invalid"),
    "no subject": ({"sub": None}, "credential_invalid"),
    "subject that is no text": ({"sub": 5}, "credential_invalid"),
    "endless subject": ({"sub": "s" * 256}, "credential_invalid"),
    "subject with a NUL": ({"sub": "a\0b"}, "credential_invalid"),
    "subject with half a character": ({"sub": "a\ud800"}, "credential_invalid"),
    "subject of another script": ({"sub": "Ärztin-7"}, "screened"),
    "no end": ({"exp": None}, "credential_invalid"),
    "end that is no number": ({"exp": "tomorrow"}, "credential_invalid"),
    "end that never comes": ({"exp": float("nan")}, "credential_invalid"),
    "infinite end": ({"exp": float("inf")}, "credential_invalid"),
    "end within the skew": ({"exp": lambda now: now - 1}, "screened"),
    "end beyond the skew": ({"exp": lambda now: now - 2 * SKEW}, "credential_expired"),
    "beginning within the skew": ({"nbf": lambda now: now + SKEW // 2}, "screened"),
    "beginning beyond the skew": ({"nbf": lambda now: now + 3600}, "credential_invalid"),
    "made beyond the skew": ({"iat": lambda now: now + 3600}, "credential_invalid"),
    "other scopes": ({"scope": "openid read_models"}, "scope_missing"),
    "no scopes": ({"scope": None}, "scope_missing"),
    "scopes of another kind": ({"scope": {"screen": True}}, "scope_missing"),
    "scopes as a list": ({"scope": ["screen", 5]}, "screened"),
    "unknown claims": ({"x": {"y": [1]}}, "screened"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_what_a_token_says_is_checked(shared_gateway, shared_provider, name):
    changes, expected = CLAIMS[name]
    assert outcome(shared_gateway, shared_provider.token(**changes)) == expected


def test_without_skew_the_clock_counts_to_the_second(provider, tmp_path):
    gateway = make_gateway(tmp_path, provider, oidc_clock_skew_seconds=0)
    assert outcome(gateway, provider.token(exp=lambda now: now - 1)) == "credential_expired"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"typ": "JWT"}, "screened"),
        ({"typ": None}, "screened"),
        ({"typ": "application/at+jwt"}, "screened"),
        ({"typ": "logout+jwt"}, "credential_invalid"),
        ({"typ": 5}, "credential_invalid"),
        ({"x5t": "unknown", "nonce": "n"}, "screened"),
        ({"kid": "unknown"}, "credential_invalid"),
        ({"kid": None}, "screened"),
        ({"jku": "http://127.0.0.1:9/keys"}, "screened"),
        ({"padding": "x" * 4000}, "credential_invalid"),
    ],
)
def test_what_the_header_of_a_token_says_is_checked(shared_gateway, shared_provider, header, expected):
    assert outcome(shared_gateway, shared_provider.token(header=header)) == expected


def unsigned(provider, algorithm):
    """The head and body of a right token under another algorithm."""
    head = {"alg": algorithm, "kid": provider.keys[0].kid, "typ": "at+jwt"}
    return base64url(json.dumps(head).encode()) + "." + provider.token().split(".")[1]


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_signature_is_no_token(shared_gateway, shared_provider, algorithm):
    for signature in ("", shared_provider.token().split(".")[2]):
        assert outcome(shared_gateway, f"{unsigned(shared_provider, algorithm)}.{signature}") == "credential_invalid"


@pytest.mark.parametrize("form", ["pem", "der", "modulus"])
def test_the_public_key_is_no_secret_to_sign_with(shared_gateway, shared_provider, form):
    """The confusion of algorithms: HMAC with the public key, which everybody has, as its key."""
    key = shared_provider.keys[0]
    material = {
        "pem": key.as_pem(private=False),
        "der": key.as_der(private=False),
        "modulus": key.as_dict(private=False)["n"].encode(),
    }[form]
    for algorithm in ("HS256", "HS512"):
        signed = unsigned(shared_provider, algorithm)
        signature = base64url(hmac.digest(material, signed.encode(), f"sha{algorithm[2:]}"))
        assert outcome(shared_gateway, f"{signed}.{signature}") == "credential_invalid"


def test_a_symmetric_key_among_the_providers_signs_nothing(provider, tmp_path):
    secret = OctKey.import_key({"kty": "oct", "kid": "shared", "k": base64url(b"s" * 32)})
    provider.keys.append(secret)
    token = provider.token(key=secret)
    provider.raw_keys = {"keys": [secret.as_dict(private=True), provider.keys[0].as_dict(private=False)]}
    gateway = make_gateway(tmp_path, provider)
    assert outcome(gateway, token) == "credential_invalid"
    assert outcome(gateway, provider.token()) == "screened"


def test_a_token_signed_by_another_key_under_our_key_id_is_refused(shared_gateway, shared_provider):
    for key in (RSAKey.generate_key(2048, {"kid": "first"}), ECKey.generate_key("P-256", {"kid": "first"})):
        assert outcome(shared_gateway, shared_provider.token(key=key)) == "credential_invalid"


def test_a_changed_token_is_refused(shared_gateway, shared_provider):
    head, _, signature = shared_provider.token(scope="read_models").split(".")
    body = shared_provider.token(scope="screen").split(".")[1]
    assert outcome(shared_gateway, f"{head}.{body}.{signature}") == "credential_invalid"


@pytest.mark.parametrize("junk", ["a.b.c", "..", "a.b", "eyJhbGciOiJSUzI1NiJ9..", "é.é.é", "x" * 7000, "eyJ9.e30.e30"])
def test_what_is_no_token_is_refused(shared_gateway, junk):
    assert outcome(shared_gateway, junk) == "credential_invalid"


def test_a_header_of_a_thousand_brackets_is_no_token(shared_gateway):
    assert outcome(shared_gateway, f"{base64url(b'[' * 1500)}.e30.AA") == "credential_invalid"


def test_roles_of_the_provider_are_mapped_to_scopes(provider, tmp_path):
    mapping = scope_mapping("doctor=screen read_models; it=operate")
    gateway = make_gateway(tmp_path, provider, oidc_scope_claim="realm_access.roles", oidc_scope_mapping=mapping)
    assert outcome(gateway, provider.token(realm_access={"roles": ["doctor", "guest"]})) == "screened"
    assert outcome(gateway, provider.token(realm_access={"roles": ["it"]})) == "scope_missing"
    assert outcome(gateway, provider.token(realm_access={"roles": ["screen"]})) == "scope_missing"
    assert outcome(gateway, provider.token(realm_access="doctor")) == "scope_missing"


def test_a_claim_whose_name_holds_dots_is_found():
    claims = {"https://site.example/roles": ["screen"]}
    assert scopes_of(claims, "https://site.example/roles", ()) == {Scope.SCREEN}
    assert scopes_of({"scope": "operate screen nonsense"}, "scope", ()) == {Scope.SCREEN, Scope.OPERATE}


@pytest.mark.parametrize("text", ["doctor", "doctor=", "=screen", "doctor=everything"])
def test_a_mapping_that_grants_nothing_known_is_a_mistake(text):
    with pytest.raises(ValueError, match=r"must be like|is no scope"):
        scope_mapping(text)


def test_tokens_are_of_patients_whatever_a_header_says(shared_gateway, shared_provider):
    headers = {"Authorization": f"Bearer {shared_provider.token()}", "X-Traffic-Class": "sentinel"}
    assert shared_gateway.screen(headers=headers).json["code"] == "traffic_not_granted"


def test_keys_and_tokens_are_taken_side_by_side(provider, tmp_path):
    gateway = make_gateway(tmp_path, provider, api_keys_file=tmp_path / "keys.json")
    assert outcome(gateway, add_key(tmp_path / "keys.json")) == "screened"
    assert outcome(gateway, provider.token()) == "screened"
    assert gateway.screen().json["code"] == "credential_missing"


@pytest.mark.parametrize(
    "issuer", ["http://id.example", "id.example", "ftp://id.example", "https://", "https://u@h", "https://h?q=1"]
)
def test_a_provider_is_reached_over_tls_or_on_this_machine(issuer):
    with pytest.raises(SettingsInvalid, match="SYMMETRA_OIDC_ISSUER is"):
        Settings.from_environment(
            {"SYMMETRA_MODEL_REPOSITORY": "m", "SYMMETRA_OIDC_ISSUER": issuer, "SYMMETRA_OIDC_AUDIENCE": "a"}
        )


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("SYMMETRA_OIDC_ISSUER", "needs SYMMETRA_OIDC_AUDIENCE, for tokens of programs, or SYMMETRA_OIDC_CLIENT_ID"),
        ("SYMMETRA_OIDC_AUDIENCE", "SYMMETRA_OIDC_ISSUER"),
    ],
)
def test_a_provider_and_what_it_is_for_need_each_other(name, missing):
    with pytest.raises(SettingsInvalid, match=missing):
        Settings.from_environment({"SYMMETRA_MODEL_REPOSITORY": "m", name: "https://id.example"})
