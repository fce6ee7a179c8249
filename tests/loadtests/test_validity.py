"""Each reason that makes a run invalid, alone; and a healthy run, which has none."""

import re

import pytest

import loadtests.validity
from loadtests.run.format import THROTTLED
from loadtests.run.observation import Observation, Observations
from loadtests.run.recording import OUT_OF_SOCKETS, Ended, Recording, Said
from loadtests.validity import Circumstances, judge

PAGE = {"http://a/metrics": 1.0}


def healthy(count: int = 1000, *, late: float = 0.001, version: str = "1") -> Recording:
    recording = Recording()
    recording.expect(number / 100 for number in range(count))
    for number in range(count):
        due = number / 100
        recording.start(due, due + late)
        recording.end(Ended("photo", due, due + 0.1, "answered", "200", Said(100, "none", model_version=version)))
    recording.note_cpu(0.5)
    return recording


def observed(first: dict | None = None, last: dict | None = None, *, screenings: float = 1000) -> Observations:
    def one(processes: dict, version: str, count: float) -> Observation:
        labels = (("outcome", "answered"), ("traffic", "patient"))
        return Observation(processes, version, {("symmetra_screenings_total", labels): count})

    return Observations(
        ("http://a/metrics",),
        "patient",
        one(**({"processes": PAGE, "version": "1", "count": 50} | (first or {}))),
        one(**({"processes": PAGE, "version": "1", "count": 50 + screenings} | (last or {}))),
    )


def circumstances(**changed: object) -> Circumstances:
    return Circumstances(
        **({"seconds": 10.0, "workers": 4, "lost": (), "stopped_early": False, "observations": observed()} | changed)
    )


def codes(recording: Recording, **changed: object) -> set[str]:
    return {reason.code for reason in judge(recording, circumstances(**changed))}


def late_for_two_percent() -> Recording:
    recording = healthy(980)
    for number in range(20):
        recording.start(9.0 + number / 100, 9.02 + number / 100)
    return recording


def busy() -> Recording:
    recording = healthy()
    recording.note_cpu(0.95)
    return recording


def with_unstarted() -> Recording:
    recording = healthy(970)
    recording.expect([9.9] * 30)
    return recording


def with_end(outcome: str, status: str | None, version: str | None = None) -> Recording:
    recording = healthy()
    recording.end(Ended("photo", 1.0, 1.1, outcome, status, Said(model_version=version)))
    return recording


CASES = {
    "late_starts": (late_for_two_percent, {"observations": None}),
    "generator_cpu": (busy, {}),
    "rate_not_achieved": (with_unstarted, {"observations": None}),
    "worker_lost": (healthy, {"lost": ("worker 2",)}),
    "out_of_sockets": (lambda: with_end("no_answer", OUT_OF_SOCKETS), {}),
    "stopped_early": (healthy, {"stopped_early": True}),
    "throttled": (lambda: with_end(THROTTLED, "429"), {}),
    "replicas_changed": (healthy, {"observations": observed(last={"processes": {"http://a/metrics": 2.0}})}),
    "version_changed": (lambda: with_end("answered", "200", "2"), {}),
    "foreign_traffic": (healthy, {"observations": observed(screenings=1020)}),
    "target_unreadable": (healthy, {"observations": Observations(("http://a/metrics",), "patient")}),
}


def test_a_healthy_run_has_no_reason_to_be_doubted() -> None:
    assert codes(healthy()) == set()
    assert codes(healthy(), observations=None) == set()
    assert codes(healthy(), observations=observed(screenings=1010)) == set()


@pytest.mark.parametrize("code", CASES)
def test_each_reason_makes_a_run_invalid_by_itself(code: str) -> None:
    make, changed = CASES[code]
    assert codes(make(), **changed) == {code}


def test_another_version_before_and_after_is_a_reason() -> None:
    assert codes(healthy(), observations=observed(last={"version": "2"})) == {"version_changed"}


def test_the_page_of_reasons_names_every_reason() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", loadtests.validity.__doc__, re.MULTILINE)) == set(CASES)
