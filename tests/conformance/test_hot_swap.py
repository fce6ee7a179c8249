"""Section 3 of the contract, and 'Observed': a new version under load, and calls that outlive theirs."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.support.reloads import (
    WAIT_SECONDS,
    answering,
    entry,
    predict_request,
    reload,
    states,
    wait_for_states,
    wait_until,
)

pytestmark = pytest.mark.tensorflow
CALLERS = 4
SLOW_CALLS = 12


@pytest.fixture
def base(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def publish(base, toy_models):
    def publish_version(number):
        shutil.copytree(toy_models / "toys" / str(number), base / f"tmp-{number}")
        (base / f"tmp-{number}").rename(base / str(number))

    return publish_version


def test_no_call_fails_while_versions_come_and_go(changing_server, base, publish):
    publish(1)
    reload(changing_server, entry("swap", base))
    stop = threading.Event()
    answers = []

    def call():
        while not stop.is_set():
            answer = changing_server.predictions.Predict(predict_request("swap"), timeout=WAIT_SECONDS)
            answers.append((answer.model_spec.version.value, answer.outputs["y"].float_val[0]))

    with ThreadPoolExecutor(CALLERS) as pool:
        calls = [pool.submit(call) for _ in range(CALLERS)]
        try:
            for number in (2, 3):
                publish(number)
                wait_until(lambda number=number: (number, "AVAILABLE") in states(changing_server, "swap"))
            wait_for_states(changing_server, "swap", (3, "AVAILABLE"), (2, "END"), (1, "END"))
            # Back to the version before: also without a gap.
            publish_gone = base / "3"
            shutil.rmtree(base / "2")
            publish(2)
            shutil.rmtree(publish_gone)
            wait_until(lambda: (2, "AVAILABLE") in states(changing_server, "swap"))
        finally:
            stop.set()
        for one in calls:
            one.result()
    # Each version answers with its own weights.
    assert set(answers) == {(1, 2.5), (2, 20.5), (3, 200.5)}


def test_calls_in_flight_finish_on_a_version_that_is_gone(changing_server, base, publish):
    publish(1)
    reload(changing_server, entry("in-flight", base))
    request = predict_request("in-flight", signature="slow", seconds=np.float64([2.5]))
    calls = [changing_server.predictions.Predict.future(request, timeout=WAIT_SECONDS) for _ in range(SLOW_CALLS)]
    # Sent after them on the same connection, so they have arrived.
    assert answering(changing_server, "in-flight") == 1
    publish(2)
    wait_until(lambda: answering(changing_server, "in-flight") == 2)
    shutil.rmtree(base / "1")
    assert [call.result().model_spec.version.value for call in calls] == [1] * SLOW_CALLS
    wait_for_states(changing_server, "in-flight", (2, "AVAILABLE"), (1, "END"))


def test_a_version_that_cannot_be_loaded_leaves_the_old_one(changing_server, base, publish):
    publish(1)
    reload(changing_server, entry("swap-broken", base))
    (base / "2").mkdir()
    wait_for_states(changing_server, "swap-broken", (2, "END"), (1, "AVAILABLE"))
    assert answering(changing_server, "swap-broken") == 1
    publish(3)
    wait_for_states(changing_server, "swap-broken", (3, "AVAILABLE"), (2, "END"), (1, "END"))
