"""A form's token is worth something in its own session only, and two are never alike."""

import secrets
from types import SimpleNamespace

import flask
import pytest

from gateway.access.form_tokens import FormTokens, form_token
from gateway.access.secret_keys import SecretKeys
from tests.support.gateway import FakeGateway


@pytest.fixture
def tokens():
    return FormTokens(SecretKeys.random())


def test_a_token_is_for_its_session_and_no_other(tokens):
    token = tokens.make("one")
    assert tokens.is_for(token, "one")
    assert not tokens.is_for(token, "another")
    assert not FormTokens(SecretKeys.random()).is_for(token, "one")


def test_no_two_tokens_are_alike_in_any_part(tokens):
    first, second = tokens.make("one"), tokens.make("one")
    assert first[:20] != second[:20]
    assert first[-20:] != second[-20:]


@pytest.mark.parametrize("token", ["", "x", "=", "ä", "A" * 64, "A" * 63, "A" * 10_000, "\x00" * 64, "-_" * 32])
def test_what_is_no_token_is_for_nobody(tokens, token):
    assert not tokens.is_for(token, "one")


def test_one_changed_character_is_enough(tokens):
    token = tokens.make("one")
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert not tokens.is_for(token[:place] + other + token[place + 1 :], "one")


def test_a_token_outlives_a_rotation_of_the_secret_by_one_key(tmp_path):
    path = tmp_path / "session.key"
    old, new, newest = (secrets.token_hex(32) for _ in range(3))
    path.write_text(old)
    token = FormTokens(SecretKeys.read(path)).make("one")
    path.write_text(f"{new}\n{old}\n")
    assert FormTokens(SecretKeys.read(path)).is_for(token, "one")
    path.write_text(f"{newest}\n{new}\n")
    assert not FormTokens(SecretKeys.read(path)).is_for(token, "one")


def test_a_form_of_whoever_is_not_signed_in_has_none(tmp_path):
    app = FakeGateway(tmp_path).app
    with app.test_request_context():
        assert form_token() == ""
        flask.g.session = SimpleNamespace(id="one")
        assert flask.render_template_string("{{ form_token() }}").startswith('<input type="hidden" name="form_token"')
