"""Who may use which route: every route of the application against every kind of credential."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask
import pytest

from gateway.access.guard import guard_requests
from gateway.access.routes import OPEN, PAGE_ROUTES, ROUTES, SESSION, need_of, require_complete_table
from gateway.access.scopes import Scope
from gateway.access.secret_keys import SecretKeys
from gateway.access.set_up import set_up_access
from gateway.errors import RouteNotGranted
from gateway.settings import Settings
from tests.support.access import add_key
from tests.support.gateway import FakeGateway

PAST = datetime.now(UTC) - timedelta(hours=1)
RIGHT = {200, 400, 404, 415}
"""What a view answers to a request with the right key and nothing in it; 404 where no records are kept, 415 where it wants a form."""
EXAMPLES = {"<path:filename>": "page.css", "<code>": "no_face", "<screening_id>": "some-answer"}
"""What stands in an address for the open parts of a template."""
CLOSED_ROUTES = [row for row, need in ROUTES.items() if need not in (OPEN, SESSION)]
OPEN_ROUTES = [row for row, need in ROUTES.items() if need is OPEN]
SIGN_IN_ROUTES = [row for row in ROUTES if row[1].startswith("/sign-")]
"""404 here, where people cannot sign in; `test_role_matrix` is about the others."""


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keyed")
    return FakeGateway(folder, api_keys_file=folder / "keys.json", access_failures_per_second_per_client=0.0)


@pytest.fixture(scope="module")
def unkeyed(tmp_path_factory):
    """By the address that they listen on."""
    return {
        host: FakeGateway(tmp_path_factory.mktemp("unkeyed"), host=host, allow_demo_model=True)
        for host in ("127.0.0.1", "0.0.0.0")
    }


@pytest.fixture(scope="module")
def keys(keyed):
    path = keyed.settings.api_keys_file
    right = add_key(path)
    other = add_key(path.with_name("elsewhere.json"))
    made = {
        "no credential": None,
        "nonsense": "nonsense",
        "another site's key": other,
        "right id, wrong secret": right[:17] + other[17:],
        "mistyped": right[:-1] + ("a" if right[-1] != "a" else "b"),
        "revoked": add_key(path, revoked=PAST),
        "expired": add_key(path, expires=PAST),
        "token of nobody": "eyJhbGciOiJub25lIn0.e30.",
        "right": right,
    }
    for scope in Scope:
        made[f"all but {scope}"] = add_key(path, *(set(Scope) - {scope}), name=f"no-{scope}")
    return made


def ask(gateway, row, credential, **headers):
    method, template = row
    path = template
    for part, example in EXAMPLES.items():
        path = path.replace(part, example)
    if credential is not None:
        headers["Authorization"] = f"Bearer {credential}"
    return gateway.client.open(path, method=method, headers=headers, buffered=True)


def test_the_application_has_every_route_of_the_table_and_no_other(keyed):
    rules = {
        (method, rule.rule) for rule in keyed.app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert rules == set(ROUTES)


def open_status(row):
    return 404 if row in SIGN_IN_ROUTES else 200


REFUSED = {
    "no credential": (401, {"credential_missing", "sign_in_missing"}),
    "nonsense": (401, {"credential_invalid"}),
    "another site's key": (401, {"credential_invalid"}),
    "right id, wrong secret": (401, {"credential_invalid"}),
    "mistyped": (401, {"credential_invalid"}),
    "revoked": (401, {"credential_invalid"}),
    "expired": (401, {"credential_expired"}),
    "token of nobody": (401, {"credential_invalid"}),
}


@pytest.mark.parametrize("row", CLOSED_ROUTES, ids=" ".join)
@pytest.mark.parametrize("kind", REFUSED)
def test_a_closed_route_refuses_every_other_credential(keyed, keys, row, kind):
    status, codes = REFUSED[kind]
    response = ask(keyed, row, keys[kind])
    assert (response.status_code, response.json["code"] in codes) == (status, True)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("row", CLOSED_ROUTES, ids=" ".join)
def test_a_closed_route_needs_its_own_scope_and_no_other(keyed, keys, row):
    for scope in Scope:
        response = ask(keyed, row, keys[f"all but {scope}"])
        if scope is ROUTES[row]:
            assert (response.status_code, response.json["code"]) == (403, "scope_missing")
            assert scope in response.json["detail"]
            assert "insufficient_scope" in response.headers["WWW-Authenticate"]
        else:
            assert response.status_code in RIGHT


@pytest.mark.parametrize("row", CLOSED_ROUTES, ids=" ".join)
def test_a_closed_route_takes_the_right_key_in_either_header(keyed, keys, row):
    assert ask(keyed, row, keys["right"]).status_code in RIGHT
    assert ask(keyed, row, None, **{"X-API-Key": keys["right"]}).status_code in RIGHT


@pytest.mark.parametrize("row", OPEN_ROUTES, ids=" ".join)
def test_an_open_route_looks_at_no_credential(keyed, keys, row):
    assert {ask(keyed, row, key).status_code for key in keys.values()} == {open_status(row)}


@pytest.mark.parametrize("row", ROUTES, ids=" ".join)
def test_on_loopback_without_keys_everything_but_operating_is_open(unkeyed, row):
    response = ask(unkeyed["127.0.0.1"], row, None)
    if ROUTES[row] is Scope.OPERATE:
        assert response.status_code == 403
    else:
        assert response.status_code in RIGHT


@pytest.mark.parametrize("row", ROUTES, ids=" ".join)
def test_beyond_loopback_nobody_is_anonymous_even_without_keys(unkeyed, row):
    response = ask(unkeyed["0.0.0.0"], row, None)
    assert response.status_code == (open_status(row) if ROUTES[row] is OPEN else 401)


@pytest.mark.parametrize("row", CLOSED_ROUTES, ids=" ".join)
def test_the_two_headers_may_not_contradict_each_other_and_only_bearer_is_understood(keyed, keys, row):
    both = {"X-API-Key": keys["expired"]}
    assert ask(keyed, row, keys["right"], **both).json["code"] == "credential_invalid"
    assert ask(keyed, row, keys["right"], **{"X-API-Key": keys["right"]}).status_code in RIGHT
    for value in ("Basic YTpi", "Bearer", "Bearer ", keys["right"]):
        assert ask(keyed, row, None, Authorization=value).json["code"] == "credential_invalid"


def test_an_address_that_does_not_exist_is_refused_as_such_whoever_asks(keyed, keys):
    for key in keys.values():
        assert ask(keyed, ("GET", "/nowhere"), key).status_code == 404
        assert ask(keyed, ("DELETE", "/v1/screenings"), key).status_code == 405


def test_options_and_head_reach_no_view_that_get_would_not(keyed, keys):
    assert ask(keyed, ("OPTIONS", "/v1/screenings"), None).headers["Allow"] in ("POST, OPTIONS", "OPTIONS, POST")
    assert ask(keyed, ("HEAD", "/v1/models"), None).status_code == 401
    assert ask(keyed, ("HEAD", "/v1/models"), keys["right"]).status_code == 200


@pytest.mark.parametrize("row", [row for row in CLOSED_ROUTES if row[1] in PAGE_ROUTES], ids=" ".join)
def test_a_person_without_sign_in_is_told_so_on_a_page_without_form_and_model(keyed, keys, row):
    response = ask(keyed, row, None, Accept="text/html")
    assert response.status_code == 401
    assert "has no sign-in for people" in response.text
    assert "<form" not in response.text
    assert "version 3" not in response.text
    assert "<form" in ask(keyed, ("GET", "/"), keys["right"], Accept="text/html").text


def test_a_route_without_a_row_keeps_an_application_from_starting():
    app = flask.Flask("toy", static_folder=None)
    app.add_url_rule("/v1/models", "models", lambda: "", methods=["GET", "DELETE"])
    app.add_url_rule("/forgotten", "forgotten", lambda: "")
    guard = set_up_access(
        Settings(model_repository=Path("models")),
        session_keys=SecretKeys.random(),
        person_keys=SecretKeys.random(),
        on_refusal=lambda _: None,
    ).guard
    with pytest.raises(LookupError, match=r"DELETE /v1/models, GET /forgotten$"):
        guard_requests(app, guard)


def test_a_view_that_answers_options_itself_needs_a_row_too():
    app = flask.Flask("toy", static_folder=None)
    app.add_url_rule("/v1/models", view_func=lambda: "", methods=["GET", "OPTIONS"])
    with pytest.raises(LookupError, match=r"OPTIONS /v1/models$"):
        require_complete_table(app)


def test_a_route_that_was_added_later_is_denied(tmp_path):
    gateway = FakeGateway(tmp_path)
    gateway.app.add_url_rule("/late", view_func=lambda: "reached")
    response = gateway.client.get("/late")
    assert (response.status_code, response.json["code"]) == (403, "route_not_granted")
    with pytest.raises(RouteNotGranted):
        need_of("GET", "/late")


def test_refusals_are_counted_by_reason_and_never_by_whose_they_were(keyed, keys):
    before = {reason: refused(keyed, reason) for reason in ("missing", "invalid", "expired", "scope", "traffic")}
    row = ("POST", "/v1/screenings")
    for kind in ("no credential", "nonsense", "expired", "all but screen"):
        ask(keyed, row, keys[kind])
    ask(keyed, row, keys["right"], **{"X-Traffic-Class": "sentinel"})
    assert {reason: refused(keyed, reason) - count for reason, count in before.items()} == dict.fromkeys(before, 1)


def refused(gateway, reason):
    return gateway.metric("symmetra_access_refused_total", reason=reason)
