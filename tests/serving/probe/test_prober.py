"""The probe's rules, against a server in the test's own process that does as told."""

import json

import grpc
import numpy as np
import pytest

from serving.probe.observation import Outcome
from serving.repository import ModelRepository
from tests.support.golden_server import CROPS, GOLDEN_P, MODEL, QUEUE_FULL, publish_golden_version

EXHAUSTED = (grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
TOO_LATE = (grpc.StatusCode.DEADLINE_EXCEEDED, "Timed out waiting for notification")
BUSY = [QUEUE_FULL, EXHAUSTED, TOO_LATE]


def test_becoming_ready_takes_every_golden_crop(prober, server):
    assert not prober.findings.readiness.ready
    findings = prober.look()
    assert findings.readiness.ready
    assert sorted(number for call in server.asked for number in call) == list(range(CROPS))
    assert findings.golden.crops == CROPS
    assert findings.golden.largest_p_difference < 1e-6
    assert findings.last_right is not None


def test_staying_ready_takes_a_few_crops_per_look_and_all_of_them_in_turn(prober, server):
    prober.look()
    server.asked.clear()
    for _ in range(CROPS // 2):
        assert prober.look().readiness.ready
    assert [len(call) for call in server.asked] == [2] * (CROPS // 2)
    assert sorted(number for call in server.asked for number in call) == list(range(CROPS))


@pytest.mark.parametrize("failure", BUSY)
def test_a_busy_server_stays_ready(prober, server, failure):
    prober.look()
    server.failure = failure
    for _ in range(5):
        findings = prober.look()
        assert findings.readiness.ready
        assert findings.readiness.busy
    assert findings.counts[Outcome.BUSY] == 5
    server.failure = None
    assert not prober.look().readiness.busy


def test_a_server_too_busy_for_its_status_stays_ready(prober, server):
    prober.look()
    server.status_failure = EXHAUSTED
    assert prober.look().readiness.ready


@pytest.mark.parametrize("failure", BUSY)
def test_a_server_that_was_never_ready_does_not_get_ready_by_being_busy(prober, server, failure):
    server.failure = failure
    findings = prober.look()
    assert not findings.readiness.ready
    assert findings.readiness.busy


def test_a_server_found_wrong_does_not_get_ready_by_being_busy(prober, server):
    prober.look()
    server.p_no_depression += 0.01
    assert not prober.look().readiness.ready
    server.failure = QUEUE_FULL
    assert not prober.look().readiness.ready


def test_a_wrong_answer_keeps_the_server_out_until_every_crop_is_right_again(prober, server):
    prober.look()
    server.p_no_depression[:4] += 0.01
    findings = [prober.look() for _ in range(3)]
    assert not findings[-1].readiness.ready
    assert "largest difference 1.0e-02 (allowed 0.001)" in findings[-1].readiness.reason
    server.p_no_depression[:3] = GOLDEN_P[:3]
    for _ in range(CROPS):
        assert not prober.look().readiness.ready, "one crop of 40 is wrong still"
    server.p_no_depression[3] = GOLDEN_P[3]
    assert prober.look().readiness.ready


def test_a_reversed_polarity_is_wrong(prober, server):
    server.p_no_depression = 1 - GOLDEN_P
    findings = prober.look()
    assert not findings.readiness.ready
    assert findings.golden.polarity_reversed
    assert "polarity is reversed" in findings.readiness.reason


def test_an_answer_that_is_no_probability_is_wrong(prober, server):
    prober.look()
    server.p_no_depression[:] = np.nan
    findings = prober.look()
    assert not findings.readiness.ready
    assert findings.counts[Outcome.WRONG] == 1


@pytest.mark.parametrize("state", ["START", "LOADING", "UNLOADING", "END"])
def test_a_version_that_is_not_available_is_not_ready(prober, server, state):
    prober.look()
    server.states[1] = state
    findings = prober.look()
    assert not findings.readiness.ready
    assert findings.readiness.reason == f"version 1 of toy is {state}."


def test_a_server_that_never_heard_of_the_version_is_not_ready(prober, server):
    server.states = {9: "AVAILABLE"}
    findings = prober.look()
    assert not findings.readiness.ready
    assert findings.counts[Outcome.NOT_LOADED] == 1


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        ((grpc.StatusCode.UNAVAILABLE, "Socket closed"), Outcome.UNAVAILABLE),
        ((grpc.StatusCode.NOT_FOUND, "Servable not found for request: Specific(toy, 1)"), Outcome.NOT_LOADED),
        ((grpc.StatusCode.INVALID_ARGUMENT, "input size does not match signature"), Outcome.REFUSED),
        ((grpc.StatusCode.INTERNAL, ""), Outcome.REFUSED),
    ],
)
def test_every_other_failure_makes_it_unready(prober, server, failure, outcome):
    prober.look()
    server.failure = failure
    findings = prober.look()
    assert not findings.readiness.ready
    assert findings.counts[outcome] == 1


def test_a_server_that_is_gone_is_not_ready(prober, server):
    prober.look()
    server.stop()
    findings = prober.look()
    assert not findings.readiness.ready
    assert findings.counts[Outcome.UNAVAILABLE] == 1


def test_a_newly_pinned_version_is_asked_about_every_crop_and_readiness_does_not_blink(prober, server, root):
    prober.look()
    server.states[2] = "AVAILABLE"
    assert publish_golden_version(root) == 2
    server.asked.clear()
    findings = prober.look()
    assert findings.readiness.ready
    assert findings.pinned_version == 2
    assert sum(map(len, server.asked)) == CROPS


def test_a_newly_pinned_version_that_is_not_there_makes_it_unready(prober, root):
    prober.look()
    publish_golden_version(root)
    assert not prober.look().readiness.ready


def test_a_newly_pinned_version_that_answers_otherwise_than_it_promised_makes_it_unready(prober, server, root):
    prober.look()
    server.states[2] = "AVAILABLE"
    publish_golden_version(root, GOLDEN_P[::-1].copy())
    assert not prober.look().readiness.ready


def test_a_version_unloaded_while_it_was_asked_is_no_fault_where_the_pin_has_moved_on(
    prober, server, root, monkeypatch
):
    prober.look()
    server.states[2] = "AVAILABLE"
    read = prober._watch.current

    def read_and_promote():
        pinned = read()
        monkeypatch.setattr(prober._watch, "current", read)
        publish_golden_version(root)
        server.states[1] = "END"
        return pinned

    monkeypatch.setattr(prober._watch, "current", read_and_promote)
    findings = prober.look()
    assert findings.readiness.ready
    assert findings.pinned_version == 2


def test_without_a_pin_it_is_not_ready_and_with_one_it_is(prober, root):
    pin = root / MODEL / "pin.json"
    aside = pin.rename(pin.with_name("aside"))
    findings = prober.look()
    assert not findings.readiness.ready
    assert "pinned" in findings.readiness.reason
    aside.rename(pin)
    assert prober.look().readiness.ready


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "symmetra.pin/9"}'])
def test_a_pin_that_cannot_be_read_makes_it_unready(prober, root, content):
    prober.look()
    (root / MODEL / "pin.json").write_text(content)
    assert not prober.look().readiness.ready


def test_a_version_with_a_changed_byte_makes_it_unready(prober, root):
    (root / MODEL / "1" / "saved_model.pb").write_bytes(b"grapf")
    findings = prober.look()
    assert not findings.readiness.ready
    assert "changed saved_model.pb" in findings.readiness.reason
    (root / MODEL / "1" / "saved_model.pb").write_bytes(b"graph")
    assert prober.look().readiness.ready


def test_a_version_that_was_pinned_with_another_digest_makes_it_unready(prober, root):
    pin = root / MODEL / "pin.json"
    pin.write_text(json.dumps({**json.loads(pin.read_text()), "digest": "0" * 64}))
    findings = prober.look()
    assert not findings.readiness.ready
    assert "digest" in findings.readiness.reason


def test_a_version_without_golden_crops_makes_it_unready(tmp_path, prober, root):
    repository = ModelRepository(root, MODEL)
    (root / MODEL / "1" / "assets.extra" / "golden.npz").rename(tmp_path / "golden.npz")
    assert not prober.look().readiness.ready
    assert repository.pin().version == 1


def test_changes_are_logged_once_and_hold_no_crops(prober, server, capsys):
    prober.look()
    prober.look()
    server.failure = QUEUE_FULL
    prober.look()
    prober.look()
    server.failure = None
    server.p_no_depression += 0.01
    prober.look()
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [event["event"] for event in events] == [
        "another version is pinned",
        "ready",
        "device",
        "the server is busy",
        "not ready",
        "the server is not busy any more",
    ]
