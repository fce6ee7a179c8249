import errno
import os

import numpy as np
import pytest

from gateway.stop.finding import LookResult
from gateway.stop.pause_change import PauseReason
from gateway.stop.sentinel import SUSPICION_LOOKS
from monitoring.metrics import SENTINEL_RESULTS
from serving.wire.errors import GoldenUnreadable
from tests.support.golden_server import CROPS, GOLDEN_P, publish_golden_version

RIGHT = GOLDEN_P.astype(np.float64)


def test_right_answers_are_looked_at_again_and_again_and_pause_nothing(watched):
    for _ in range(5):
        assert watched.sentinel.look().result == "right"
    assert watched.switch.state() is None
    assert (watched.looks("right"), watched.watching) == (5, 1)
    assert watched.sentinel.report.watching


def test_each_look_asks_a_handful_from_both_ends_and_in_the_end_every_crop(watched):
    for _ in range(5):
        watched.sentinel.look()
    assert {len(numbers) for numbers in watched.predictor.asked} == {8}
    for numbers in watched.predictor.asked:
        p = RIGHT[numbers]
        assert p.min() < 0.2
        assert p.max() > 0.8
        assert ((p > 0.4) & (p < 0.7)).any()
    assert {number for numbers in watched.predictor.asked for number in numbers} == set(range(CROPS))


def test_a_swapped_polarity_pauses_at_the_first_look(watched):
    watched.sentinel.look()
    watched.predictor.servers = [1.0 - RIGHT]
    assert watched.sentinel.look().result == "polarity_reversed"
    state = watched.switch.state()
    assert (state.action, state.reason) == ("pause", "polarity_reversed")
    assert state.by.startswith("sentinel on ")
    assert state.details["model_version"] == 1
    assert state.details["polarity_reversed"]
    assert watched.pauses.current().reason is PauseReason.POLARITY_REVERSED


@pytest.mark.parametrize("wrong", [RIGHT + 0.01, np.full(CROPS, 0.5), np.full(CROPS, np.nan), np.full(CROPS, 1.5)])
def test_other_answers_than_the_golden_ones_pause(watched, wrong):
    watched.predictor.servers = [wrong]
    assert watched.sentinel.look().result == "golden_mismatch"
    assert watched.switch.state().reason is PauseReason.GOLDEN_MISMATCH


def test_a_difference_within_the_tolerance_pauses_nothing(watched):
    watched.predictor.servers = [RIGHT + 0.0009]
    finding = watched.sentinel.look()
    assert finding.result == "right"
    assert 0 < finding.details["largest_p_difference"] < finding.details["tolerance"]


def test_a_model_that_is_away_is_never_paused_for(watched):
    watched.predictor.away = True
    for _ in range(5):
        assert watched.sentinel.look().result == "unavailable"
    assert watched.switch.state() is None
    assert watched.watching == 1


def test_a_mismatch_that_cannot_be_found_again_is_remembered_and_pauses_when_it_comes_back(watched):
    looks = iter([1.0 - RIGHT, *[RIGHT] * 5, 1.0 - RIGHT, *[RIGHT] * 5])
    answer = watched.predictor.predict

    def predict(*arguments):
        watched.predictor.servers = [next(looks)]
        return answer(*arguments)

    watched.predictor.predict = predict
    assert watched.sentinel.look().result == "unconfirmed"
    assert watched.switch.state() is None
    assert watched.sentinel.look().result == "polarity_reversed"
    assert watched.switch.state().reason is PauseReason.POLARITY_REVERSED


def test_a_mismatch_that_never_comes_back_is_forgotten(watched):
    for _ in range(2):
        handfuls = iter([1.0 - RIGHT, *[RIGHT] * 5])
        answer = type(watched.predictor).predict

        def predict(*arguments, handfuls=handfuls, answer=answer):
            watched.predictor.servers = [next(handfuls, RIGHT)]
            return answer(watched.predictor, *arguments)

        watched.predictor.predict = predict
        assert watched.sentinel.look().result == "unconfirmed"
        for _ in range(SUSPICION_LOOKS):
            assert watched.sentinel.look().result == "right"
    assert watched.switch.state() is None


def test_one_wrong_server_among_several_is_enough(watched):
    watched.predictor.servers = [RIGHT, RIGHT, 1.0 - RIGHT]
    results = [watched.sentinel.look().result for _ in range(3)]
    assert "polarity_reversed" in results
    assert watched.switch.state().details["wrong_calls"] < watched.switch.state().details["calls"]


@pytest.mark.parametrize("damage", ["changed", "missing", "extra"])
def test_files_that_are_not_the_published_ones_pause(watched, damage):
    assert watched.sentinel.look().result == "right"
    directory = watched.repository.version_path(1)
    if damage == "changed":
        (directory / "saved_model.pb").write_bytes(b"grapx")
    elif damage == "missing":
        (directory / "saved_model.pb").unlink()
    else:
        (directory / "variables" / "more").write_bytes(b"x")
    assert watched.sentinel.look().result == "digest_mismatch"
    state = watched.switch.state()
    assert state.reason is PauseReason.DIGEST_MISMATCH
    assert {"extra": "not in the manifest"}.get(damage, damage) in state.why


def test_another_version_under_the_pinned_number_pauses(watched):
    manifest = watched.repository.version_path(1) / "manifest.json"
    manifest.write_text(manifest.read_text() + "\n")
    assert watched.sentinel.look().result == "digest_mismatch"


@pytest.mark.parametrize("lost", ["version", "manifest", "permission"])
def test_files_that_cannot_be_read_turn_the_sentinel_off_and_pause_nothing(watched, lost, monkeypatch):
    assert watched.sentinel.look().result == "right"
    directory = watched.repository.version_path(1)
    if lost == "version":
        directory.rename(directory.with_name("elsewhere"))
    elif lost == "manifest":
        (directory / "manifest.json").unlink()
    else:

        def refuse(_version):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(watched.repository, "verify", refuse)
        (directory / "saved_model.pb").touch()
    assert watched.sentinel.look().result == "off"
    assert watched.switch.state() is None
    assert watched.watching == 0
    assert not watched.sentinel.report.watching
    assert "cannot be read" in watched.sentinel.report.says


def test_without_a_pin_nothing_is_asked(watched):
    (watched.repository.directory / "pin.json").unlink()
    assert watched.sentinel.look().result == "no_model"
    assert watched.predictor.asked == []


def test_a_version_that_is_pinned_while_it_looks_is_not_paused_for(watched, tmp_path):
    predict = watched.predictor.predict

    def promote_meanwhile(*arguments):
        watched.predictor.predict = predict
        watched.predictor.servers = [1.0 - RIGHT]
        publish_golden_version(tmp_path)
        return predict(*arguments)

    watched.predictor.predict = promote_meanwhile
    assert watched.sentinel.look().result == "unconfirmed"
    assert watched.switch.state() is None


def test_a_mismatch_is_still_looked_for_while_paused_and_never_resumes(watched):
    watched.switch.pause(by="ada", why="maintenance")
    watched.predictor.servers = [1.0 - RIGHT]
    watched.sentinel.look()
    assert watched.switch.state().reason is PauseReason.POLARITY_REVERSED
    watched.predictor.servers = [RIGHT]
    assert watched.sentinel.look().result == "right"
    assert watched.switch.state().action == "pause"


def test_a_pause_that_cannot_be_written_stops_this_gateway_and_is_written_later(watched, monkeypatch):
    watched.predictor.servers = [1.0 - RIGHT]
    with monkeypatch.context() as patch:

        def refuse(*_arguments, **_options):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        patch.setattr(watched.switch, "pause_for_mismatch", refuse)
        watched.sentinel.look()
        assert watched.switch.state() is None
        assert watched.pauses.current().here_only
    watched.sentinel.look()
    assert watched.switch.state().reason is PauseReason.POLARITY_REVERSED
    assert not watched.pauses.current().here_only


def test_this_gateway_is_paused_before_the_record_is_written(watched, monkeypatch):
    watched.predictor.servers = [1.0 - RIGHT]
    throw, seen = watched.switch.pause_for_mismatch, []

    def see(*arguments, **options):
        seen.append(watched.pauses.current())
        return throw(*arguments, **options)

    monkeypatch.setattr(watched.switch, "pause_for_mismatch", see)
    watched.sentinel.look()
    assert [pause.reason for pause in seen] == [PauseReason.POLARITY_REVERSED]
    assert not watched.pauses.current().here_only
    watched.switch.resume(by="ada", why="mended", details={})
    assert watched.pauses.current() is None


def test_a_look_that_fails_by_itself_is_told_and_the_next_one_looks_again(watched, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(watched.predictor, "predict", lambda *_: 1 / 0)
        assert watched.sentinel.look().result == "failed"
    assert watched.sentinel.look().result == "right"
    assert watched.looks("failed") == 1


def test_a_version_without_golden_crops_is_said_to_be_unwatched(watched, monkeypatch):
    def none(_directory):
        raise GoldenUnreadable

    monkeypatch.setattr("gateway.stop.version_files.read_golden", none)
    assert watched.sentinel.look().result == "off"
    assert "no golden crops" in watched.sentinel.report.says


def test_the_metrics_know_every_result():
    assert tuple(LookResult) == SENTINEL_RESULTS
