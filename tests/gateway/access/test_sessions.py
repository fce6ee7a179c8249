"""A session over time: its two timeouts, its cookie written anew, another key, another role; and the page after its end."""

import secrets
from functools import partial

import pytest

from gateway.access.roles import Role
from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.access.session import Session
from gateway.access.sign_in.sealed import MAX_CHARACTERS, Seal
from gateway.access.sign_in.sessions import Sessions
from tests.support.clock import Clock
from tests.support.gateway import FakeGateway, multipart
from tests.support.people import HTML, form_token_of, sign_in, sign_in_settings
from tests.support.sign_in_provider import SignInProvider

IDLE_SECONDS, ABSOLUTE_SECONDS = 600, 3600
TIMEOUTS = {"session_idle_seconds": IDLE_SECONDS, "session_absolute_seconds": ABSOLUTE_SECONDS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module", autouse=True)
def _our_clock(clock):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.access.sign_in.assembly.Sessions", partial(Sessions, now=clock))
        yield


@pytest.fixture(scope="module")
def shared(folder):
    """One provider and one gateway, which keep nothing between two tests."""
    with SignInProvider() as provider:
        yield provider, FakeGateway(folder, **sign_in_settings(provider, folder, **TIMEOUTS))


@pytest.fixture
def provider(shared):
    shared[0].reset()
    return shared[0]


@pytest.fixture
def gateway(shared, provider):  # noqa: ARG001 - it is as it was at first
    gateway = shared[1]
    gateway.client = gateway.app.test_client()
    gateway.crops.photos.clear()
    sign_in(gateway.client)
    return gateway


def show(gateway):
    return gateway.client.get("/", headers=HTML)


def test_a_session_that_is_not_used_ends(gateway, clock):
    clock.seconds += IDLE_SECONDS - 1
    assert show(gateway).status_code == 200
    clock.seconds += IDLE_SECONDS
    response = show(gateway)
    assert response.status_code == 401
    assert "<code>session_expired</code>" in response.text
    assert 'href="/sign-in"' in response.text


def test_a_session_that_is_used_goes_on_to_its_longest_time_and_no_further(gateway, clock):
    step = IDLE_SECONDS // 2
    for _ in range(ABSOLUTE_SECONDS // step - 1):
        clock.seconds += step
        assert show(gateway).status_code == 200
    clock.seconds += step
    assert show(gateway).status_code == 401


def test_a_cookie_is_written_anew_now_and_then_and_not_with_every_answer(gateway, clock):
    assert "Set-Cookie" not in show(gateway).headers
    clock.seconds += IDLE_SECONDS // 10
    assert "Set-Cookie" in show(gateway).headers
    assert "Set-Cookie" not in show(gateway).headers


def test_a_refusal_keeps_a_session_in_use_too(gateway, clock):
    clock.seconds += IDLE_SECONDS // 2
    gateway.client.get("/v1/screenings/unknown")
    clock.seconds += IDLE_SECONDS // 2 + 1
    assert show(gateway).status_code == 200


def test_a_photo_that_comes_too_late_is_not_looked_at_and_the_page_says_what_to_do(gateway, clock):
    token = form_token_of(gateway.client)
    clock.seconds += IDLE_SECONDS
    body, content_type = multipart(("photo", "x.jpg", b"photo"), ("form_token", None, token.encode()))
    response = gateway.client.post("/", data=body, content_type=content_type, headers=HTML)
    assert response.status_code == 401
    assert "Nothing that you sent was looked at or kept." in response.text
    assert "choose it again" in response.text
    assert 'href="/sign-in"' in response.text
    assert gateway.crops.photos == []


def test_a_role_that_was_taken_away_counts_from_the_next_sign_in_on(gateway, provider):
    """The stated limit: what somebody is here was asked when they signed in."""
    provider.roles = []
    assert show(gateway).status_code == 200
    assert sign_in(gateway.app.test_client()).status_code == 403


def test_every_replica_knows_a_session_and_one_in_use_moves_to_the_next_key(provider, tmp_path, clock):
    path = tmp_path / "session.key"

    def replica(cookie=None):
        settings = sign_in_settings(provider, tmp_path, **TIMEOUTS)
        other = FakeGateway(tmp_path / secrets.token_hex(4), **settings)
        if cookie is not None:
            other.client.set_cookie(cookie.key, cookie.value)
        return other

    def cookie_of(gateway):
        return next(iter(gateway.client._cookies.values()))

    first = replica()
    sign_in(first.client)
    made, token = cookie_of(first), form_token_of(first.client)
    assert show(replica(made)).status_code == 200

    old, new = path.read_text().strip(), secrets.token_hex(32)
    path.write_text(f"{new}\n{old}\n")
    clock.seconds += IDLE_SECONDS // 2
    rotated = replica(made)
    assert show(rotated).status_code == 200
    moved = cookie_of(rotated)
    assert rotated.client.post("/sign-out", data={"form_token": token}).status_code == 200, (
        "forms outlive a rotation too"
    )

    path.write_text(f"{new}\n")
    last = replica(made)
    assert show(last).status_code == 401
    last.client.set_cookie(moved.key, moved.value)
    assert show(last).status_code == 200


def test_signing_out_ends_no_other_session_of_the_same_person(gateway):
    other = gateway.app.test_client()
    sign_in(other)
    gateway.client.post("/sign-out", data={"form_token": form_token_of(gateway.client)})
    assert show(gateway).status_code == 401
    assert other.get("/", headers=HTML).status_code == 200


def test_what_is_sealed_is_opened_by_its_own_keys_alone():
    keys = tuple(secrets.token_bytes(32) for _ in range(2))
    sealed = Seal(keys).close({"a": 1})
    assert Seal((keys[1], keys[0])).open(sealed) == {"a": 1}
    assert Seal((keys[1],)).open(sealed) is None
    for place in range(len(sealed)):
        other = "A" if sealed[place] != "A" else "B"
        opened = Seal(keys).open(sealed[:place] + other + sealed[place + 1 :])
        # The last character of a part holds bits that no byte needs.
        assert opened is None or sealed[place + 1 : place + 2] in ("", ".")
    with pytest.raises(ValueError, match="too long"):
        Seal(keys).close({"a": "x" * MAX_CHARACTERS})


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"id": "x"},
        {"id": "x", "person": "p", "roles": ["root"], "began_at": 1, "seen_at": 1},
        {"id": "x", "person": "p", "roles": 7, "began_at": 1, "seen_at": 1},
    ],
)
def test_what_another_release_sealed_is_a_session_that_is_over(gateway, members, folder):
    sealed = Seal(SecretKeys.read(folder / "session.key").derive(Purpose.SESSION)).close(members)
    gateway.client.set_cookie("symmetra-session", sealed)
    assert "<code>session_expired</code>" in show(gateway).text


def test_the_cookie_of_somebody_with_every_role_is_far_from_what_a_browser_keeps():
    session = Session.begin("f" * 64, frozenset(Role), 1_800_000_000)
    members = {"id": session.id, "person": session.person, "roles": sorted(session.roles), "began_at": 1, "seen_at": 1}
    assert len(Seal((bytes(range(32)),)).close(members)) < 512
