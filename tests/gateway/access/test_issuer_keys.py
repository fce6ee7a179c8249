"""The provider's keys over time: rotation, made-up key ids, and a provider that is away or lies."""

import socket
import ssl
import subprocess
import sys
import threading

import gevent
import pytest
from joserfc.jwk import RSAKey

from gateway.access.issuer import Issuer
from gateway.access.issuer_keys import IssuerKeys
from gateway.access.provider_http import IssuerAway
from gateway.access.remembered import RENEW_SECONDS
from gateway.errors import CredentialInvalid, IdentityProviderUnavailable
from tests.support.certificates import make_authority, make_certificate
from tests.support.clock import Clock
from tests.support.gateway import FakeGateway
from tests.support.gateway_process import PROJECT, wait_until
from tests.support.identity_provider import AUDIENCE, IdentityProvider

STALE_SECONDS = 3600
MIN_INTERVAL_SECONDS = 10


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def provider():
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture
def keys(provider, clock):
    return IssuerKeys(
        Issuer(provider.address).read_keys,
        stale_seconds=STALE_SECONDS,
        min_interval_seconds=MIN_INTERVAL_SECONDS,
        clock=clock,
    )


def test_a_new_key_is_found_when_its_first_token_comes(keys, provider, clock):
    assert keys.key("first").kid == "first"
    provider.rotate("second", keep=True)
    clock.seconds += MIN_INTERVAL_SECONDS
    assert keys.key("second").kid == "second"
    assert keys.key("first").kid == "first"
    assert provider.fetches == 2


def test_made_up_key_ids_cause_no_storm(keys, provider, clock):
    keys.key("first")
    for number in range(50):
        clock.seconds += 1
        with pytest.raises(CredentialInvalid):
            keys.key(f"junk{number}")
    assert provider.fetches == 1 + 50 // MIN_INTERVAL_SECONDS
    assert keys.key("first").kid == "first"


def test_a_withdrawn_key_ends_when_the_set_is_renewed_without_anybody_waiting(keys, provider, clock):
    keys.key("first")
    provider.rotate("second")
    clock.seconds += RENEW_SECONDS + 1
    assert keys.key("first").kid == "first", "renewed behind the request, which does not wait"
    wait_until(lambda: provider.fetches == 2)
    assert keys._set.wait()
    with pytest.raises(CredentialInvalid):
        keys.key("first")
    assert keys.key("second").kid == "second"


def test_without_a_key_id_only_a_single_key_is_meant(keys, provider, clock):
    assert keys.key(None).kid == "first"
    provider.rotate("second", keep=True)
    clock.seconds += RENEW_SECONDS + 1
    keys.key("first")
    assert keys._set.wait()
    with pytest.raises(CredentialInvalid):
        keys.key(None)


def test_known_keys_go_on_for_a_stated_time_while_the_provider_is_away(keys, provider, clock):
    keys.key("first")
    provider.status = 503
    clock.seconds += STALE_SECONDS - 1
    assert keys.key("first").kid == "first"
    with pytest.raises(IdentityProviderUnavailable):
        keys.key("unknown")
    clock.seconds += 2
    with pytest.raises(IdentityProviderUnavailable):
        keys.key("first")
    provider.status = 200
    clock.seconds += MIN_INTERVAL_SECONDS
    assert keys.key("first").kid == "first"


def test_a_provider_that_was_never_there_lets_nobody_in_and_is_asked_again(clock):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    keys = IssuerKeys(Issuer(f"http://127.0.0.1:{port}").read_keys, stale_seconds=STALE_SECONDS, clock=clock)
    for _ in range(3):
        with pytest.raises(IdentityProviderUnavailable):
            keys.key("first")
    with IdentityProvider(port):
        clock.seconds += MIN_INTERVAL_SECONDS
        assert keys.key("first").kid == "first"


def test_requests_that_wait_for_keys_share_one_fetch(clock):
    may_answer = threading.Event()
    fetches = []

    def read_keys():
        fetches.append(1)
        assert may_answer.wait(30)
        return {"first": "the key"}

    keys = IssuerKeys(read_keys, stale_seconds=STALE_SECONDS, clock=clock)
    waiting = [gevent.spawn(keys.key, "first") for _ in range(5)]
    gevent.spawn(may_answer.set)
    gevent.joinall(waiting, raise_error=True)
    assert [greenlet.value for greenlet in waiting] == ["the key"] * 5
    assert len(fetches) == 1


LIES = {
    "another issuer": {"named_issuer": "https://elsewhere.example"},
    "keys in a file": {"keys_address": "file:///etc/hostname"},
    "keys at no address": {"keys_address": 5},
    "keys nowhere": {"keys_address": "http://127.0.0.1:1/keys"},
    "a redirect": {"status": 302},
    "an error": {"status": 500},
    "no keys": {"raw_keys": {"keys": []}},
    "no list": {"raw_keys": {"keys": {"kid": "first"}}},
    "no object": {"raw_keys": [1]},
    "keys of other kinds only": {
        "raw_keys": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}, {"kty": "PQ"}, 7]}
    },
    "damaged keys only": {"raw_keys": {"keys": [{"kty": "RSA", "kid": "first", "n": "A" * 400, "e": 1}]}},
    "more than anybody needs": {"raw_keys": {"keys": ["x" * 600_000]}},
}


@pytest.mark.parametrize("name", LIES)
def test_a_provider_that_lies_is_a_provider_that_is_away(provider, name):
    for attribute, value in LIES[name].items():
        setattr(provider, attribute, value)
    with pytest.raises(IssuerAway):
        Issuer(provider.address).read_keys()


def test_keys_that_are_weak_or_for_encryption_are_left_out(provider):
    good = provider.keys[0].as_dict(private=False)
    with pytest.warns(UserWarning, match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "weak"}).as_dict(private=False)
    provider.raw_keys = {"keys": [weak, good | {"kid": "encrypts", "use": "enc"}, good]}
    assert set(Issuer(provider.address).read_keys()) == {"first"}


def test_tls_trusts_the_sites_own_authority_and_no_other(provider, tmp_path):
    make_authority(tmp_path, "site")
    make_authority(tmp_path, "other")
    make_certificate(tmp_path, "provider", "site")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "provider.pem", tmp_path / "provider.key")
    provider._server.socket = context.wrap_socket(provider._server.socket, server_side=True)
    address = f"https://127.0.0.1:{provider.port}"
    provider.named_issuer, provider.keys_address = address, f"{address}/keys"
    assert set(Issuer(address, tmp_path / "site.pem").read_keys()) == {"first"}
    for ca_file in (tmp_path / "other.pem", None):
        with pytest.raises(IssuerAway):
            Issuer(address, ca_file).read_keys()
    provider.keys_address = f"http://127.0.0.1:{provider.port}/keys"
    with pytest.raises(IssuerAway):
        Issuer(address, tmp_path / "site.pem").read_keys()


def test_over_http_a_provider_that_is_away_is_503_with_its_own_code_and_never_open(tmp_path):
    with IdentityProvider() as provider:
        gateway = FakeGateway(tmp_path, oidc_issuer=provider.address, oidc_audience=AUDIENCE)
        token = provider.token()
        provider.status = 503
        response = gateway.screen(headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json["code"]) == (503, "identity_provider_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert gateway.metric("symmetra_access_refused_total", reason="provider_unavailable") == 1
    assert gateway.crops.photos == []


def test_the_library_for_tokens_is_imported_only_where_a_provider_is_set_up():
    program = "import sys, gateway.app, gateway.access.set_up; assert 'joserfc' not in sys.modules and 'cryptography' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)
