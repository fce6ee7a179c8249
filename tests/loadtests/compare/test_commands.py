"""`baseline` and `compare` through the command: what is kept, what is refused with a sentence, and what every report says."""

import dataclasses
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtests.__main__ import run as loadtests
from loadtests.run.format import FinishedRun, write_run
from tests.loadtests.compare.test_comparison import STEADY, run_of
from tests.support.finished_runs import made_up_run


def command(*words: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return loadtests([str(word) for word in words], {}, out, err), out.getvalue(), err.getvalue()


def written(folder: Path, run: FinishedRun) -> Path:
    write_run(folder, run)
    return folder


def changed(run: FinishedRun, **fields: object) -> FinishedRun:
    return dataclasses.replace(run, summary=dataclasses.replace(run.summary, **fields))


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    return [written(tmp_path / f"run{seed}", run_of(scale, seed)) for seed, scale in enumerate(STEADY)]


@pytest.fixture
def baseline(tmp_path: Path, runs: list[Path]) -> Path:
    code, _, err = command("baseline", "keep", *runs, "--as", "before", "--into", tmp_path / "kept")
    assert (code, err) == (0, "")
    return tmp_path / "kept/before"


def test_a_baseline_outlives_its_runs_and_says_its_noise(baseline: Path, runs: list[Path]) -> None:
    for run in runs:
        for file in run.iterdir():
            file.unlink()
    code, said, _ = command("baseline", "show", baseline)
    assert code == 0
    assert "5 runs" in said
    assert "p95 of photo" in said
    assert "noise floor" in said


@pytest.mark.parametrize(("scale", "code", "failures"), [(1.0, 0, 0), (1.5, 4, 4), (0.6, 0, 0)])
def test_every_report_of_a_comparison_says_the_same(
    tmp_path: Path, baseline: Path, scale: float, code: int, failures: int
) -> None:
    word = "MISSED" if failures else "MET"
    run = written(tmp_path / "now", run_of(scale, 9))
    found, said, _ = command("compare", run, "--baseline", baseline)
    suite = ET.parse(run / "compare.junit.xml").getroot()  # noqa: S314 - written by the code that is tested
    verdict = json.loads((run / "compare.json").read_text())
    page = (run / "compare.html").read_text()
    assert found == verdict["exit_code"] == code
    assert said.startswith(f"{word} (no worse than before)")
    assert (verdict["verdict"], suite.get("failures")) == (word, str(failures))
    assert len(verdict["comparison"]["changes"]) == int(suite.get("tests") or 0) - 1 == 6
    assert f'<p class="word {word}">{word}</p>' in page
    assert "Against the baseline before" in page


def test_a_report_takes_a_baseline_among_its_objectives(tmp_path: Path, baseline: Path) -> None:
    run = written(tmp_path / "now", run_of(1.5, 9))
    assert command("report", run)[0] == 0
    code, said, _ = command("report", run, "--baseline", baseline)
    assert code == 4
    assert "missed: baseline: p95 of photo" in said
    assert "Against the baseline before" in (run / "report.html").read_text()


def test_an_invalid_run_is_compared_and_decides_nothing(tmp_path: Path, baseline: Path) -> None:
    run = written(tmp_path / "now", made_up_run(invalid="late_starts"))
    assert command("compare", run, "--baseline", baseline)[0] == 3
    suite = ET.parse(run / "compare.junit.xml").getroot()  # noqa: S314 - as above
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda run: changed(run, model_version="4"), "differ in model_version: 3 and 4"),
        (lambda run: changed(run, pack={"name": "small", "digest": "cd" * 32}), "differ in photo_mix"),
        (lambda run: changed(run, mix={"photo": 0.5, "page": 0.5}), "differ in users"),
        (lambda run: changed(run, arrivals={"kind": "poisson", "rate": 1.0}), "differ in arrivals"),
        (lambda run: changed(run, machine={"cpu": "another"}), "differ in machine"),
        (lambda run: changed(run, machine=None), "on which machine"),
        (
            lambda run: dataclasses.replace(run, target=dataclasses.replace(run.target, replicas=())),
            "differ in replicas",
        ),
    ],
)
def test_another_thing_is_refused_in_a_sentence(
    tmp_path: Path, baseline: Path, make: Callable[[FinishedRun], FinishedRun], why: str
) -> None:
    run = written(tmp_path / "now", make(run_of(1.0, 9)))
    code, _, said = command("compare", run, "--baseline", baseline)
    assert (code, said.count("\n")) == (1, 1)
    assert why in said
    assert not (run / "compare.json").exists()


def test_versions_are_compared_where_that_is_asked_for(tmp_path: Path, baseline: Path) -> None:
    run = written(tmp_path / "now", changed(run_of(1.0, 9), model_version="4"))
    assert command("compare", run, "--baseline", baseline, "--across", "model_version")[0] == 0
    assert "They may differ in model_version." in (run / "compare.html").read_text()


def test_what_is_no_baseline_is_refused_in_a_sentence(tmp_path: Path, runs: list[Path], baseline: Path) -> None:
    invalid = written(tmp_path / "invalid", made_up_run(invalid="late_starts"))
    keep = ("baseline", "keep")
    for words, why in (
        ((*keep, *runs[:2], "--as", "few"), "3 are needed"),
        ((*keep, *runs[:2], runs[0], "--as", "twice"), "is there twice"),
        ((*keep, *runs[:2], invalid, "--as", "invalid"), "INVALID"),
        ((*keep, *runs, "--as", "before", "--into", baseline.parent), "is not written over"),
        (("compare", runs[0], "--baseline", baseline), "is there twice"),
        (("compare", runs[0], "--baseline", tmp_path / "nothing"), "holds no finished run"),
    ):
        code, _, said = command(*words)
        assert (code, said.count("\n")) == (1, 1), words
        assert why in said
    (baseline / "baseline.json").write_text("{}")
    assert "no baseline that can be read" in command("baseline", "show", baseline)[2]


def test_folders_of_runs_are_a_baseline_too(tmp_path: Path, runs: list[Path]) -> None:
    run = written(tmp_path / "now", run_of(1.0, 9))
    assert command("compare", run, "--baseline", *runs)[0] == 0
