"""Who is refused from the head of a request: exactly whom the application would refuse for load, counted as there."""

from dataclasses import dataclass, field

import pytest

from gateway.access.scopes import Scope
from gateway.early_refusals import EARLY_REFUSALS_EXTENSION
from gateway.stop.pause_change import PauseAction, PauseChange, PauseReason
from gateway.stop.pause_files import PauseFiles
from tests.support.access import add_key
from tests.support.gateway import FakeGateway

COUNTED = (
    "symmetra_http_requests_total",
    "symmetra_screenings_total",
    "symmetra_shed_total",
    "symmetra_access_refused_total",
)
FULL = {"cores": 1, "max_in_flight": 1, "max_queue": 0, "reserved_places": 1}


@dataclass
class Head:
    """What gunicorn hands over."""

    method: str = "POST"
    path: str = "/v1/screenings"
    version: tuple[int, int] = (1, 1)
    headers: list[tuple[str, str]] = field(default_factory=list)


def early(gateway, client="127.0.0.1", **changes):
    """The refusal as (head lines, body), or None."""
    changes["headers"] = [("HOST", "localhost"), *((name.upper(), each) for name, each in changes.get("headers", ()))]
    answer = gateway.app.extensions[EARLY_REFUSALS_EXTENSION].answer_to(Head(**changes), (client, 4711), closes=False)
    if answer is None:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), body


def while_full(gateway, ask, first_status=200):
    """What `ask` returns while the only place is taken, by a photo that is answered with `first_status`."""
    make, answers = gateway.crops.make, []

    def make_and_ask(*args, **options):
        gateway.crops.make = make
        answers.append(ask())
        return make(*args, **options)

    gateway.crops.make = make_and_ask
    keys = gateway.settings.api_keys_file
    headers = {} if keys is None else {"X-API-Key": add_key(keys, name="first")}
    assert gateway.screen(headers=headers).status_code == first_status
    return answers[0]


def counts(gateway):
    lines = gateway.exposition().splitlines()
    return {line for line in lines if line.startswith(COUNTED)}


def changes_by(gateway, ask):
    """What `ask` returns, and the counters that it changed."""
    before = counts(gateway)
    return ask(), counts(gateway) - before


def test_with_room_the_application_is_asked(tmp_path):
    assert early(FakeGateway(tmp_path, **FULL)) is None


def test_without_room_it_says_and_counts_what_the_application_does(tmp_path):
    gateway = FakeGateway(tmp_path, **FULL)
    (head, body), counted = while_full(gateway, lambda: changes_by(gateway, lambda: early(gateway)))
    again = FakeGateway(tmp_path / "again", **FULL)
    response, counted_there = while_full(again, lambda: changes_by(again, again.screen))
    assert counted == counted_there
    assert len(counted) == 3
    assert head[0] == "HTTP/1.1 503 SERVICE UNAVAILABLE" == f"HTTP/1.1 {response.status}"
    theirs = response.data.decode().replace(response.headers["X-Request-Id"], "")
    ours = body.decode().replace(next(line for line in head if line.startswith("X-Request-Id: ")).split(": ")[1], "")
    assert ours == theirs


@pytest.mark.parametrize(
    "changes",
    [{"method": "GET"}, {"method": "HEAD"}, {"method": "OPTIONS"}, {"method": "post"}, {"version": (1, 0)}]
    + [{"path": path} for path in ("/", "/healthz", "/readyz", "/readyz/model", "/v1/models", "/v1/screenings/", "//v1/screenings", "/v1/%73creenings")],
    ids=str,
)  # fmt: skip
def test_whatever_is_no_plain_photo_is_left_to_the_application(tmp_path, changes):
    gateway = FakeGateway(tmp_path, **FULL)
    assert while_full(gateway, lambda: changes_by(gateway, lambda: early(gateway, **changes))) == (None, set())


@pytest.mark.parametrize(
    "headers",
    [[("Host", "evil.example")], [("Origin", "https://evil.example")], [("Sec-Fetch-Site", "cross-site")], [("X-Traffic-Class", "sentinel")]],
    ids=str,
)  # fmt: skip
def test_on_loopback_who_may_not_ask_is_told_so_by_the_application(tmp_path, headers):
    gateway = FakeGateway(tmp_path, **FULL)
    head = Head(headers=[(name.upper(), value) for name, value in headers])
    refusals = gateway.app.extensions[EARLY_REFUSALS_EXTENSION]
    answer = while_full(
        gateway, lambda: changes_by(gateway, lambda: refusals.answer_to(head, ("127.0.0.1", 1), closes=True))
    )
    assert answer == (None, set())


def test_with_keys_only_who_may_ask_learns_that_there_is_no_room(tmp_path):
    keys = tmp_path / "keys.json"
    right, other = add_key(keys), add_key(keys, Scope.READ_MODELS)
    gateway = FakeGateway(tmp_path, api_keys_file=keys, **FULL)
    strangers = [
        [],
        [("Authorization", "Bearer wrong")],
        [("X-API-Key", right[:-1])],
        [("Authorization", f"Basic {right}")],
    ]
    strangers += [
        [("X-API-Key", other)],
        [("X-API-Key", right), ("Authorization", f"Bearer {other}")],
        [("Cookie", "session=1")],
    ]
    for headers in strangers:
        answer = while_full(
            gateway, lambda headers=headers: changes_by(gateway, lambda: early(gateway, headers=headers))
        )
        assert answer == (None, set()), headers
    for headers in ([("Authorization", f"Bearer {right}")], [("X-API-Key", right)]):
        assert while_full(gateway, lambda headers=headers: early(gateway, headers=headers)) is not None


def test_who_watches_the_others_is_let_in(tmp_path):
    keys = tmp_path / "keys.json"
    sentinel = add_key(keys, traffic=("sentinel",))
    gateway = FakeGateway(tmp_path, api_keys_file=keys, **FULL)
    headers = {"Authorization": f"Bearer {sentinel}"}
    assert while_full(gateway, lambda: early(gateway, headers=list(headers.items()))) is None
    assert while_full(gateway, lambda: gateway.screen(headers=headers).status_code) == 200


def test_a_pause_is_told_by_the_application(tmp_path):
    gateway = FakeGateway(tmp_path, **FULL)

    def pause_and_ask():
        change = PauseChange.now(PauseAction.PAUSE, PauseReason.OPERATOR, by="ada", why="odd")
        PauseFiles(gateway.repository.directory).write_state(change)
        return changes_by(gateway, lambda: early(gateway))

    assert while_full(gateway, pause_and_ask, first_status=503) == (None, set())


def test_a_client_that_asks_too_often_is_refused_though_there_is_room_and_loses_nothing_by_asking(tmp_path):
    gateway = FakeGateway(tmp_path, requests_per_second_per_client=0.001, burst_per_client=1)
    assert [early(gateway) for _ in range(3)] == [None] * 3  # looking takes nothing
    assert gateway.screen().status_code == 200
    (head, body), counted = changes_by(gateway, lambda: early(gateway))
    assert head[0] == "HTTP/1.1 429 TOO MANY REQUESTS"
    assert "Retry-After: 60" in head
    assert b'"client_rate_exceeded"' in body
    assert 'symmetra_shed_total{reason="client_rate"} 1.0' in counted
    assert early(gateway, client="192.0.2.1") is None


def test_a_refusal_for_want_of_room_counts_against_the_clients_rate_as_in_the_application(tmp_path):
    gateway = FakeGateway(tmp_path, requests_per_second_per_client=0.001, burst_per_client=2, **FULL)
    heads = while_full(gateway, lambda: [early(gateway)[0][0] for _ in range(2)])
    assert [head.split()[1] for head in heads] == ["503", "429"]


def test_a_refusal_is_in_the_language_and_under_the_ids_that_were_asked_for(tmp_path):
    gateway = FakeGateway(tmp_path, languages=("en", "de"), **FULL)
    sent = "cd9870bb-95be-4a4b-8885-ce875a3b763c"
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = [("Accept-Language", "de-AT"), ("X-Request-Id", sent), ("traceparent", f"00-{trace}-00f067aa0ba902b7-01")]
    head, body = while_full(gateway, lambda: early(gateway, headers=headers))
    assert {"Content-Language: de", f"X-Request-Id: {sent}"} <= set(head)
    assert any(line.startswith(f"traceresponse: 00-{trace}-") for line in head)
    assert f"urn:uuid:{sent}".encode() in body
