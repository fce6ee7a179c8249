import gevent
import pytest
from gevent.event import Event

from gateway.deadline import Deadline
from gateway.errors import IdempotencyInProgress, IdempotencyKeyReused, PredictorUnavailable
from gateway.idempotency import Repetitions
from gateway.options import Options
from gateway.stop.stop_switch import StopSwitch
from serving.contract.policy import Policy
from serving.contract.severity import Thresholds
from tests.support.gateway import FakeGateway, multipart, write_policy

KEY = {"Idempotency-Key": "a-key"}
OPTIONS = Options(idempotency_key="a-key")


def test_a_repeated_request_gets_the_same_answer_and_asks_the_model_once(gateway):
    first = gateway.screen(headers=KEY)
    gateway.predictor.p_no_depression = 0.9
    second = gateway.screen(headers=KEY)
    assert second.json == first.json
    assert len(gateway.predictor.rows) == len(gateway.crops.photos) == 1
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]


def test_a_repetition_is_counted_as_one_and_not_as_another_answer(gateway):
    gateway.screen(headers=KEY)
    gateway.screen(headers=KEY)
    assert gateway.metric("symmetra_screenings_total", outcome="answered", traffic="patient") == 1
    assert gateway.metric("symmetra_screenings_total", outcome="repeated", traffic="patient") == 1
    assert gateway.metric("symmetra_bands_total", model_version="3", band="mild", traffic="patient") == 1


def test_a_repetition_may_ask_in_another_language_and_another_framing(tmp_path):
    gateway = FakeGateway(tmp_path, languages=("en", "de"))
    first = gateway.screen(headers=KEY).json
    form, content_type = multipart(("photo", "face.jpg", b"photo"))
    second = gateway.screen(form, content_type, headers=KEY | {"Accept-Language": "de"}).json
    assert second["id"] == first["id"]
    assert second["notice"] != first["notice"]


def test_without_a_key_every_request_is_answered_for_itself(gateway):
    assert gateway.screen().json["id"] != gateway.screen().json["id"]


@pytest.mark.parametrize("change", [{"photo": b"another"}, {"headers": KEY | {"X-Subject": "s"}}])
def test_a_key_that_was_used_for_something_else_is_refused(gateway, change):
    gateway.screen(headers=KEY)
    response = gateway.screen(**({"headers": KEY} | change))
    assert (response.status_code, response.json["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "ä"])
def test_a_key_that_is_none_is_refused(gateway, key):
    response = gateway.screen(headers={"Idempotency-Key": key})
    assert (response.status_code, response.json["code"]) == (400, "parameter_invalid")


def test_a_failure_is_not_remembered(gateway):
    gateway.predictor.error = PredictorUnavailable()
    assert gateway.screen(headers=KEY).status_code == 503
    gateway.predictor.error = None
    assert gateway.screen(headers=KEY).status_code == 200


class Work:
    """Answers when it is let, with its own number; or fails."""

    def __init__(self):
        self.go_on = Event()
        self.calls = 0
        self.error = None

    def __call__(self):
        self.calls += 1
        number = self.calls
        self.go_on.wait()
        if self.error is not None and number == 1:
            raise self.error
        return number


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def repetitions():
    return Repetitions(window_seconds=60, max_entries=4)


def ask(
    repetitions, work, *, caller="site", traffic="patient", options=OPTIONS, photo=b"photo", seconds=30.0, terms="terms"
):
    deadline = Deadline.after(seconds)
    return repetitions.answer_once(caller, traffic, options, photo, terms=terms, deadline=deadline, answer=work)


def test_duplicates_at_the_same_time_wait_for_the_first(repetitions, work):
    greenlets = [gevent.spawn(ask, repetitions, work) for _ in range(5)]
    gevent.idle()
    assert work.calls == 1
    work.go_on.set()
    gevent.joinall(greenlets, raise_error=True)
    assert [each.value for each in greenlets] == [1] * 5


def test_when_the_first_fails_the_next_tries_for_itself(repetitions, work):
    work.error = PredictorUnavailable()
    first, *others = [gevent.spawn(ask, repetitions, work) for _ in range(3)]
    gevent.idle()
    work.go_on.set()
    gevent.joinall([first, *others])
    assert isinstance(first.exception, PredictorUnavailable)
    assert [each.value for each in others] == [2, 2]


def test_a_duplicate_waits_no_longer_than_its_deadline(repetitions, work):
    first = gevent.spawn(ask, repetitions, work)
    gevent.idle()
    with pytest.raises(IdempotencyInProgress):
        ask(repetitions, work, seconds=0.01)
    with pytest.raises(IdempotencyKeyReused):
        ask(repetitions, work, photo=b"another", seconds=0.01)
    work.go_on.set()
    first.get()


def test_callers_do_not_meet_each_others_keys(repetitions, work):
    work.go_on.set()
    assert (ask(repetitions, work), ask(repetitions, work, caller="other", photo=b"another")) == (1, 2)


def test_nor_do_the_classes_of_traffic_of_one_caller(repetitions, work):
    work.go_on.set()
    assert (ask(repetitions, work), ask(repetitions, work, traffic="loadtest", photo=b"another")) == (1, 2)


def test_what_was_answered_under_other_terms_is_not_repeated(repetitions, work):
    work.go_on.set()
    assert (ask(repetitions, work), ask(repetitions, work, terms="others")) == (1, 2)


def test_a_new_policy_counts_for_a_repetition_too(gateway):
    gateway.predictor.p_no_depression = 0.5
    assert gateway.screen(headers=KEY).json["band"] == "mild"
    write_policy(gateway.repository, Policy(number=2, thresholds=Thresholds(100_000, 400_000)))
    assert gateway.screen(headers=KEY).json["band"] == "high"


def test_a_pause_makes_forget_what_was_answered_before_it(gateway):
    first = gateway.screen(headers=KEY).json
    switch = StopSwitch(gateway.repository.directory)
    switch.pause(by="ada", why="answers look wrong")
    assert gateway.screen(headers=KEY).json["code"] == "screening_paused"
    switch.resume(by="ada", why="mended", details={})
    assert gateway.screen(headers=KEY).json["id"] != first["id"]


def test_a_pause_that_nobody_met_makes_forget_too(gateway):
    first = gateway.screen(headers=KEY).json
    switch = StopSwitch(gateway.repository.directory)
    switch.pause(by="ada", why="answers look wrong")
    switch.resume(by="ada", why="mended", details={})
    assert gateway.screen(headers=KEY).json["id"] != first["id"]


def test_what_is_under_way_under_other_terms_is_not_remembered(repetitions, work):
    first = gevent.spawn(ask, repetitions, work)
    gevent.idle()
    second = gevent.spawn(ask, repetitions, work, terms="others")
    gevent.idle()
    work.go_on.set()
    assert (first.get(), second.get(), ask(repetitions, work, terms="others")) == (1, 2, 2)


def test_an_entry_that_was_replaced_hides_no_older_one(monkeypatch, work):
    now = [0.0]
    monkeypatch.setattr("gateway.idempotency.time.monotonic", lambda: now[0])
    repetitions = Repetitions(window_seconds=60, max_entries=4)
    work.go_on.set()
    other = Options(idempotency_key="another-key")

    def ask_at(seconds, options, terms):
        now[0] = seconds
        return repetitions.answer_once(
            "site", "patient", options, b"photo", terms=terms, deadline=Deadline(1e9), answer=work
        )

    assert (ask_at(0, OPTIONS, "first"), ask_at(1, other, "first"), ask_at(50, OPTIONS, "others")) == (1, 2, 3)
    assert ask_at(70, other, "first") == 4


def test_an_answer_is_forgotten_after_the_window(work):
    repetitions = Repetitions(window_seconds=0.0, max_entries=4)
    work.go_on.set()
    assert (ask(repetitions, work), ask(repetitions, work)) == (1, 2)


def test_memory_is_bounded_and_requests_under_way_are_not_forgotten(repetitions, work):
    under_way = gevent.spawn(ask, repetitions, work)
    gevent.idle()
    done = Work()
    done.go_on.set()
    for number in range(50):
        ask(repetitions, done, options=Options(idempotency_key=f"key-{number}"))
        assert len(repetitions._entries) <= 4
    assert ask(repetitions, done, options=Options(idempotency_key="key-49")) == 50
    duplicate = gevent.spawn(ask, repetitions, work)
    gevent.idle()
    work.go_on.set()
    gevent.joinall([under_way, duplicate], raise_error=True)
    assert (under_way.value, duplicate.value, work.calls) == (1, 1, 1)


def test_nothing_of_the_photo_or_the_key_is_kept(tmp_path):
    gateway = FakeGateway(tmp_path)
    photo = b"zq-photo" * 100
    gateway.screen(photo, headers={"Idempotency-Key": "zq-key"})
    repetitions = next(
        cell.cell_contents._repetitions
        for cell in gateway.app.view_functions["api.screen"].__closure__
        if hasattr(cell.cell_contents, "_repetitions")
    )
    kept = repr(repetitions._entries)
    assert len(repetitions._entries) == 1
    assert "zq-" not in kept
    assert "array" not in kept
