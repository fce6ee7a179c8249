"""The command, its folder and its reports, with runs that a queue only calculates instead of load."""

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtests.__main__ import run as loadtests
from loadtests.capacity import measuring
from loadtests.errors import RunFailed
from loadtests.run.format import (
    ABSTAINED,
    ANSWERED,
    FinishedRun,
    InvalidReason,
    StageChange,
    TargetChange,
    read_run,
    write_run,
)
from loadtests.run.request import RunRequest
from tests.support.simulated_queue import simulate_run

AT_ONCE, SERVICE_SECONDS = 20, 0.1
CAPACITY = AT_ONCE / SERVICE_SECONDS
PAGE = "http://127.0.0.1:9108/metrics"
WORDS = ("--target", "http://127.0.0.1:8080", "--slo", "p95=500ms", "--rate", "110", "--seconds", "20")
KNOWN = ("--metrics", PAGE, "--device", "CPU, 2 cores", "--photos-per-patient", "3")

Change = Callable[[RunRequest, FinishedRun], FinishedRun]


class Calculated:
    """In place of `make_run`.

    Attributes:
        made: Rates of the runs so far.
        change: Applied to every run before it is written.
        fails_at: Number of the run that fails instead.
    """

    def __init__(self) -> None:
        self.made: list[float] = []
        self.change: Change = lambda _, run: run
        self.fails_at = 0

    def __call__(self, request: RunRequest) -> FinishedRun:
        self.made.append(request.rate)
        if len(self.made) == self.fails_at:
            request.folder.mkdir(parents=True)
            (request.folder / "series.csv").write_text("half a file")
            message = "the load generator ended without a result"
            raise RunFailed(message)
        at_once = 60 if request.mix == "direct" else AT_ONCE
        run = simulate_run(
            request.rate, request.seconds, request.seed, at_once=at_once, service_seconds=SERVICE_SECONDS
        )
        run = self.change(request, _as_seen(request, run))
        write_run(request.folder, run)
        return run


def _as_seen(request: RunRequest, run: FinishedRun) -> FinishedRun:
    """As the gateway's metrics would show it: a photo takes 5 ms of CPU, one in twenty is bad, answers are recorded."""
    if request.mix == "direct":
        summary = dataclasses.replace(
            run.summary,
            outcomes={"direct": run.summary.outcomes["photo"]},
            latency={"direct": run.summary.latency["photo"]},
        )
        return FinishedRun(summary, {"direct": run.latency["photo"]}, run.series, run.target)
    count = run.latency["photo"].count
    bad = count // 20
    summary = dataclasses.replace(
        run.summary, outcomes={"photo": {"answered": count - 2 * bad, "abstained": bad, "refused_photo": bad}}
    )
    stages = {
        "queue": StageChange(count, count * (run.latency["photo"].mean - SERVICE_SECONDS), {}),
        "predict": StageChange(count, count * SERVICE_SECONDS, {}),
        "record": StageChange(count, 0.0, {}),
        "total": StageChange(count, count * run.latency["photo"].mean, {}),
    }
    target = (
        TargetChange(request.metrics, "patient", stages, cpu_seconds=0.005 * count) if request.metrics else run.target
    )
    return dataclasses.replace(run, summary=summary, target=target)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Calculated:
    calculated = Calculated()
    monkeypatch.setattr(measuring, "make_run", calculated)
    return calculated


def capacity(folder: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = loadtests(["capacity", *WORDS, "--folder", str(folder), *words], {}, out, err)
    return code, out.getvalue(), err.getvalue()


def content(folder: Path) -> dict:
    return json.loads((folder / "capacity.json").read_text())


def test_the_sites_number_is_said_in_one_sentence_with_all_it_depends_on(tmp_path: Path, runs: Calculated) -> None:
    code, out, err = capacity(tmp_path / "search", *KNOWN)
    found = content(tmp_path / "search")
    assert (code, found["schema"], found["kind"]) == (0, "symmetra.capacity/1", "bracketed")
    assert found["rate"] == pytest.approx(CAPACITY, rel=0.05)
    assert found["rate"] < found["rate_not_sustained"] <= found["rate"] * 1.03
    assert found["completed_per_hour"] == pytest.approx(0.95 * 3600 * found["rate"], rel=0.05)
    ends = [
        row
        for row in found["runs"]
        if row["rate"] == found["rate"] and row["outcome"] == "sustained" and not row["is_short"]
    ]
    counted = [read_run(tmp_path / "search" / "runs" / row["folder"]).summary for row in ends]
    answered = sum(each.outcomes["photo"].get(name, 0) for each in counted for name in (ANSWERED, ABSTAINED))
    assert found["completed_per_hour"] == pytest.approx(3600 * answered / sum(each.seconds for each in counted))
    assert "longer runs say more" in out, "20 s at 200 a second tell 3.2 % apart, and the bracket is 3 %"
    assert set(found["agreement"].values()) <= {"2 of 2", "2 of 3"}
    assert found["gateway_cores_busy"] == pytest.approx(0.005 * found["rate"], rel=0.1)
    sentence = out.splitlines()[0]
    assert sentence == found["sentence"]
    assert sentence == (
        f"{found['completed_per_hour']:,.0f} completed screenings per hour (200 with a band or a documented abstention, within 30 s) "
        "at p95 <= 500 ms, photo mix small (abababababab), 3 photos per patient, 5.0% refused, with 1 gateway replica, "
        "model version 1, device CPU, 2 cores, records on, "
        f"limited by {found['limited_by']}."
    )
    assert found["limited_by"] in ("model", "queue (behind it model)")
    assert len(err.splitlines()) == len(runs.made) + 1
    page = (tmp_path / "search" / "capacity.html").read_text()
    assert "completed screenings per hour (200" in page
    assert page.count("<svg") == 1
    assert all(row["folder"] in page for row in found["runs"])


def test_what_nobody_knows_is_said_to_be_unknown(tmp_path: Path, runs: Calculated) -> None:
    _, out, _ = capacity(tmp_path / "search")
    assert "with an unknown number of gateway replicas" in out
    assert "an unknown number of photos per patient" in out
    assert "device unknown, records unknown, limited by unknown" in out
    assert runs.made


def test_a_search_that_was_stopped_goes_on_and_makes_no_run_twice(tmp_path: Path, runs: Calculated) -> None:
    whole = capacity(tmp_path / "whole", *KNOWN)
    made = runs.made
    runs.made, runs.fails_at = [], 4
    code, _, err = capacity(tmp_path / "search", *KNOWN)
    assert (code, "without a result" in err) == (1, True)
    runs.fails_at = 0
    assert capacity(tmp_path / "search", *KNOWN)[1].splitlines()[:2] == whole[1].splitlines()[:2]
    assert runs.made == [*made[:4], *made[3:]]
    assert (content(tmp_path / "search")) == content(tmp_path / "whole")


@pytest.mark.usefixtures("runs")
def test_a_folder_of_another_search_is_left_alone(tmp_path: Path) -> None:
    capacity(tmp_path / "search", *KNOWN)
    before = content(tmp_path / "search")
    code, _, err = capacity(tmp_path / "search", *KNOWN, "--slo", "p99=1s")
    assert (code, err.count("\n")) == (1, 2)
    assert "another folder" in err.splitlines()[1]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    assert "no search" in capacity(tmp_path / "mine")[2]
    assert content(tmp_path / "search") == before
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_a_generator_that_gives_out_is_named_as_the_limit(tmp_path: Path, runs: Calculated) -> None:
    def starve(request: RunRequest, run: FinishedRun) -> FinishedRun:
        if request.rate < 150:
            return run
        reasons = (InvalidReason("generator_cpu", "It used 97 % of its core."),)
        return dataclasses.replace(run, summary=dataclasses.replace(run.summary, valid=False, invalid_reasons=reasons))

    runs.change = starve
    code, out, _ = capacity(tmp_path / "search", *KNOWN)
    found = content(tmp_path / "search")
    assert (code, found["kind"]) == (3, "at least")
    assert 140 < found["rate"] < 150
    assert out.startswith("At least ")
    assert "limited by the generator. At 1" in out


@pytest.mark.usefixtures("runs")
def test_a_forecast_measures_the_model_server_alone_and_names_its_limits(tmp_path: Path) -> None:
    words = (*KNOWN, "--model-server", "127.0.0.1:8500", "--forecast-gateways", "2", "--forecast-gateways", "6")
    code, out, _ = capacity(tmp_path / "search", *words)
    found = content(tmp_path / "search")
    two, six = found["forecasts"]
    assert code == 0
    assert two["limits"]["gateways"] == pytest.approx(2 * found["rate"])
    assert six["limits"]["gateways"] == pytest.approx(6 * found["rate"])
    assert six["limits"]["model server"] == pytest.approx(600, rel=0.12)
    assert "2 gateways should sustain" in out
    assert "calculated, not measured" in (tmp_path / "search" / "capacity.html").read_text()
    assert (tmp_path / "search" / "direct" / "question.json").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--arrivals", "day"), "constant rates"),
        (("--mix", "page"), "screenings"),
        (("--width", "2"), "--width 2"),
        (("--seconds", "0"), "above 0"),
        (("--replicas", "3", "--metrics", PAGE), "--replicas says 3"),
        (("--forecast-gateways", "0"), "1 or more"),
        (("--slo", "fast"), "p95=250ms"),
        (("--target", "http://192.0.2.1:8080"), "--i-own-this-target"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    code, _, err = capacity(tmp_path / "search", *words)
    assert (code, says in err) == (1, True)
    assert "Traceback" not in err


def test_a_forecast_wants_to_know_how_many_gateways_there_were(tmp_path: Path, runs: Calculated) -> None:
    code, _, err = capacity(tmp_path / "search", "--forecast-gateways", "2")
    assert (code, "--replicas" in err.splitlines()[-1]) == (1, True)
    assert runs.made


def test_runs_of_two_versions_say_nothing_together(tmp_path: Path, runs: Calculated) -> None:
    def promote(_: RunRequest, run: FinishedRun) -> FinishedRun:
        version = "1" if len(runs.made) < 4 else "2"
        return dataclasses.replace(run, summary=dataclasses.replace(run.summary, model_version=version))

    runs.change = promote
    code, out, err = capacity(tmp_path / "search", *KNOWN)
    assert (code, out) == (1, "")
    assert "different versions of the model" in err


def test_a_search_that_never_agreed_promises_no_number(tmp_path: Path, runs: Calculated) -> None:
    def disturb(request: RunRequest, run: FinishedRun) -> FinishedRun:
        if request.rate < 150:
            return run
        reasons = (InvalidReason("foreign_traffic", "Others asked, too."),)
        return dataclasses.replace(run, summary=dataclasses.replace(run.summary, valid=False, invalid_reasons=reasons))

    runs.change = disturb
    _, out, _ = capacity(tmp_path / "search", *KNOWN)
    assert content(tmp_path / "search")["kind"] == "unsettled"
    assert out.startswith("No number was settled")
    assert "completed screenings per hour" not in out.splitlines()[0]


@pytest.mark.usefixtures("runs")
def test_runs_long_enough_for_their_bracket_are_not_said_to_be_too_short(tmp_path: Path) -> None:
    words = [word if word != "20" else "60" for word in WORDS]
    out = io.StringIO()
    loadtests(["capacity", *words, *KNOWN, "--folder", str(tmp_path / "search")], {}, out, io.StringIO())
    assert "the capacity lies between." in out.getvalue()
    assert "longer runs say more" not in out.getvalue()
