"""A shadow version sees what the pinned one sees, and no caller notices."""

import threading

import numpy as np
import pytest

from gateway.errors import PredictorUnavailable
from gateway.pin import PinReader
from gateway.predictor import Scores
from gateway.upstream.shadow import Shadow, ShadowContract
from serving.contract.model import CropSpec
from tests.support.gateway import VERSION, FakeGateway, make_contract, make_repository
from tests.support.upstream import CROP

SHADOW_VERSION = VERSION + 1
SCORES = Scores(p_no_depression=0.9, version=VERSION)


class Asker:
    """Answers for the shadow version as told."""

    def __init__(self):
        self.p_no_depression = 0.8
        self.error = None
        self.crops = []
        self.versions = []
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def predict(self, crops, model, _deadline):
        self.crops.append(crops)
        self.versions.append(model.version)
        self.asked.set()
        self.go_on.wait()
        if self.error is not None:
            raise self.error
        return Scores(self.p_no_depression, model.version)


class Counts:
    """What the metrics are told."""

    def __init__(self):
        self.answers = []
        self.misses = []

    def count_shadow_answer(self, **answer):
        self.answers.append(answer)

    def count_shadow_miss(self, reason):
        self.misses.append(reason)


@pytest.fixture
def repository(tmp_path):
    return make_repository(tmp_path)


@pytest.fixture
def model(repository):
    return PinReader(repository, allow_demo=True, on_change=lambda _: None).current()


@pytest.fixture
def write_contract(repository):
    def write(**changes):
        path = repository.directory / str(SHADOW_VERSION) / "assets.extra" / "contract.json"
        path.parent.mkdir(parents=True)
        path.write_text(make_contract(version=SHADOW_VERSION, **changes).to_json())

    return write


@pytest.fixture
def contract(write_contract):
    """Files of a shadow version that fits."""
    write_contract()


@pytest.fixture
def asker():
    return Asker()


@pytest.fixture
def counts():
    return Counts()


@pytest.fixture
def start(repository, asker, counts):
    """Start a shadow of the version; it is closed at the end of the test."""
    started = []

    def start(*, version=SHADOW_VERSION, is_busy=lambda: False, max_waiting=8):
        contract = ShadowContract(repository, version)
        started.append(Shadow(version, contract, asker, is_busy, counts, max_waiting=max_waiting))
        return started[-1]

    yield start
    asker.go_on.set()
    for shadow in started:
        shadow.close()


def mirror(shadow, model, count=1, scores=SCORES):
    for _ in range(count):
        shadow.mirror(CROP, scores, model, "patient")


@pytest.mark.usefixtures("contract")
def test_it_is_asked_with_the_same_crop_and_its_difference_is_counted(start, model, asker, counts):
    shadow = start()
    for asker.p_no_depression in (0.8, 0.5):
        mirror(shadow, model)
        shadow._waiting.join()
    assert asker.versions == [SHADOW_VERSION] * 2
    assert asker.crops[0].tobytes() == CROP.tobytes()
    assert asker.crops[0].shape == (1, *CROP.shape)
    assert [(each["agrees"], each["band"], each["traffic"]) for each in counts.answers] == [
        (True, "none", "patient"),
        (False, "none", "patient"),
    ]
    assert [each["difference"] for each in counts.answers] == pytest.approx([0.1, 0.4])
    assert counts.misses == []


@pytest.mark.usefixtures("contract")
def test_what_it_has_no_time_for_is_dropped_and_nobody_waits(start, model, asker, counts):
    shadow = start(max_waiting=2)
    asker.go_on.clear()
    mirror(shadow, model)
    asker.asked.wait()
    mirror(shadow, model, count=5)
    assert counts.misses == ["dropped"] * 3
    asker.go_on.set()
    shadow._waiting.join()
    assert len(counts.answers) == 3


@pytest.mark.usefixtures("contract")
def test_it_waits_for_callers_and_is_dropped_where_their_calls_do_not_end(start, model, asker, counts, monkeypatch):
    monkeypatch.setattr("gateway.upstream.shadow.QUIET_WAIT_SECONDS", 0.05)
    busy = [True]
    shadow = start(is_busy=lambda: busy[0])
    mirror(shadow, model)
    shadow._waiting.join()
    assert (counts.misses, asker.crops) == (["dropped"], [])
    busy[0] = False
    mirror(shadow, model)
    shadow._waiting.join()
    assert len(counts.answers) == 1


@pytest.mark.parametrize(
    "changes", [{"preprocessing_version": "crop-0"}, {"size": 96}, {"kind": "whole"}, {"eye_line_fraction": 0.4}]
)
def test_a_version_made_for_another_crop_is_never_sent_one(start, write_contract, model, counts, changes):
    write_contract(crop=CropSpec(**changes))
    shadow = start()
    mirror(shadow, model, count=2)
    shadow._waiting.join()
    assert (counts.misses, shadow._calls.crops) == (["crop_differs"] * 2, [])


def test_a_version_whose_contract_is_not_there_is_never_sent_a_crop(start, model, asker, counts):
    shadow = start()
    mirror(shadow, model, count=2)
    shadow._waiting.join()
    assert (counts.misses, asker.crops) == (["contract_unknown"] * 2, [])


def test_a_contract_that_appears_is_read_after_a_while_and_then_for_good(repository, write_contract):
    seconds = [0.0]
    contract = ShadowContract(repository, SHADOW_VERSION, clock=lambda: seconds[0])
    assert contract.current() is None
    write_contract()
    assert contract.current() is None
    seconds[0] = 10.0
    read = contract.current()
    assert read.version == SHADOW_VERSION
    assert contract.current() is read


@pytest.mark.parametrize("p", [float("nan"), float("inf"), -0.1, 1.1])
@pytest.mark.usefixtures("contract")
def test_what_is_no_probability_is_no_band_of_the_shadow_either(start, model, asker, counts, p):
    shadow = start()
    asker.p_no_depression = p
    mirror(shadow, model)
    shadow._waiting.join()
    assert (counts.misses, counts.answers) == (["invalid_answer"], [])


@pytest.mark.parametrize("error", [PredictorUnavailable(), RuntimeError("unforeseen")])
@pytest.mark.usefixtures("contract")
def test_a_failure_is_counted_and_the_next_crop_is_asked_about(start, model, asker, counts, error):
    shadow = start()
    asker.error = error
    mirror(shadow, model)
    shadow._waiting.join()
    asker.error = None
    mirror(shadow, model)
    shadow._waiting.join()
    assert counts.misses == ["failed"]
    assert len(counts.answers) == 1


def test_a_shadow_that_has_been_promoted_is_compared_with_nothing(start, model, asker, counts):
    shadow = start(version=VERSION)
    mirror(shadow, model)
    shadow._waiting.join()
    assert (asker.crops, counts.misses, counts.answers) == ([], [], [])


class RememberedMirror:
    def __init__(self):
        self.mirrored = []

    def mirror(self, crop, scores, model, traffic):
        self.mirrored.append((crop, scores, model, traffic))


def test_answered_photos_are_mirrored_with_what_their_caller_was_told_and_others_are_not(tmp_path):
    shadow = RememberedMirror()
    gateway = FakeGateway(tmp_path, shadow=shadow)
    gateway.predictor.p_no_depression = 0.25
    assert gateway.screen().status_code == 200
    gateway.predictor.p_no_depression = np.nan
    assert gateway.screen(b"another").status_code == 500
    gateway.predictor.error = PredictorUnavailable()
    assert gateway.screen(b"a third").status_code == 503
    ((crop, scores, model, traffic),) = shadow.mirrored
    assert (crop.shape, scores.p_no_depression, model.version, traffic) == ((128, 128, 3), 0.25, VERSION, "patient")


def test_while_the_model_is_known_to_be_away_no_photo_is_decoded(tmp_path):
    gateway = FakeGateway(tmp_path)
    gateway.predictor.away = PredictorUnavailable(retry_after_seconds=2)
    response = gateway.screen()
    assert (response.status_code, response.json["code"]) == (503, "model_unavailable")
    assert response.headers["Retry-After"] == "2"
    assert gateway.crops.photos == []
