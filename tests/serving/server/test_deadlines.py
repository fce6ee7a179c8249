"""Runs that take longer than their caller waits (`slow` of the toys is busy for the seconds it is given)."""

import importlib
import time

import numpy as np
import pytest

from serving.server.errors import DeadlineExceeded
from serving.server.flags import Flags
from serving.server.metrics import ServerMetrics

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def run(toy_models):
    """Run `slow`, for so many seconds, for a caller who waits so many."""
    # Imported here: TensorFlow takes seconds, and collecting this file should not.
    loader = importlib.import_module("serving.server.loader")
    servable = loader.ServableLoader(Flags(), None, ServerMetrics())("toys", 1, toy_models / "toys" / "1")

    def run_slow(seconds, patience_seconds):
        deadline = None if patience_seconds is None else time.monotonic() + patience_seconds
        return servable.run("slow", [np.float64([seconds])], ("seconds",), deadline)[0].tolist()

    yield run_slow
    servable.close()


def test_a_long_run_is_given_up_at_its_deadline(run):
    for _ in range(2):
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded) as error:
            run(60, 0.2)
        assert error.value.message == "Timed out waiting for notification"
        assert time.monotonic() - started < 30, "it was not run to its end"
    assert run(0.01, 60) == [0.01]


@pytest.mark.parametrize("patience_seconds", [None, 60.0, 1e10, float("inf")])
def test_a_run_within_its_deadline_is_answered(run, patience_seconds):
    assert run(0.0, patience_seconds) == [0.0]


def test_where_runs_were_short_a_late_one_is_refused_when_it_is_through(run):
    for _ in range(60):
        run(0.0, None)
    with pytest.raises(DeadlineExceeded) as error:
        run(0.3, 0.1)
    assert error.value.message == "Timed out waiting for notification"


def test_a_deadline_that_has_passed_before_the_run_is_none(run):
    assert run(0.0, -1.0) == [0.0]
