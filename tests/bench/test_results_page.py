"""The committed page of results says what the raw files beside it say, and nothing that has no file."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.bench.results_page.__main__ import FOLDER, PAGE
from tests.bench.results_page.faults import read_record_kills
from tests.bench.results_page.load_tests import read_scenarios, read_tuning
from tests.bench.results_page.page import KNOWN, facts_of, make_page


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for path in FOLDER.glob("*.json"):
        shutil.copy(path, tmp_path)
    return tmp_path


def changed(folder: Path, name: str, old: str, new: str) -> str:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return make_page(folder)


def test_the_committed_page_is_what_the_raw_files_say() -> None:
    assert (FOLDER / PAGE).read_text() == make_page(FOLDER), "run `make results-page`"


def test_every_raw_file_is_on_the_page_and_every_file_that_it_names_is_there() -> None:
    page = make_page(FOLDER)
    linked = set(re.findall(r'href="([^"#]+)"', page))
    assert {name for name in linked if not (FOLDER / name).exists()} == set()
    assert {path.name for path in FOLDER.glob("*.json") if path.name not in page} == set()
    assert not re.findall(r"<script|<link|src=|url\(|https?://(?!www\.w3\.org/2000/svg)", page)


def test_every_known_file_has_the_shape_that_the_page_knows() -> None:
    assert "has another shape than this page knows" not in make_page(FOLDER)


def test_a_figure_of_a_raw_file_that_changes_changes_the_page_and_its_bar(copied: Path) -> None:
    assert "wrong answers: 0" in make_page(copied)
    page = changed(copied, "gateway_random_orders.json", '"wrong_answers": 0', '"wrong_answers": 1')
    assert re.search(r'wrong answers: 20</td><td>none</td><td class="missed">MISSED', page)


def test_a_ratio_is_taken_from_the_rounds_and_not_from_what_the_file_says_of_it(copied: Path) -> None:
    content = json.loads((copied / "peers.json").read_text())
    before = make_page(copied)
    content["ratios"]["crop whole / naive"]["median"] = 99.0
    (copied / "peers.json").write_text(json.dumps(content))
    assert make_page(copied) == before


def test_what_is_not_there_is_named_as_not_measured_and_claims_no_figure(tmp_path: Path) -> None:
    page = make_page(tmp_path)
    measured, _, absent = page.partition("<h2>Not measured</h2>")
    assert {result.file for result in KNOWN if result.file not in absent} == set()
    assert "0 met, 0 missed" in measured
    assert "<svg" not in page


def test_a_file_of_another_shape_says_so_and_the_others_stand(copied: Path) -> None:
    (copied / "soak.json").write_text('{"at": "today"}')
    page = make_page(copied)
    assert page.count("has another shape than this page knows") == 1
    assert '<td>a file of another shape</td><td>its bars</td><td class="">no verdict' in page
    assert "Overload" in page


FOUND = {
    "found_rates": [199.0, 197.0], "true_capacity": 200.0, "off_by": [-0.005, -0.015], "at_80_percent": "sustained",
    "at_120_percent": "not sustained", "one_gateway_rates": [20.0, 23.0], "differ_by": 0.15, "two_gateways_rate": 24.0,
    "forecast_rate": 30.0, "forecast_off_by": 0.25, "forecast_says": "", "machine_has_the_cores": False, "finding": "",
}  # fmt: skip


def tuned(high: float, *, meets_bar: bool = False, **more: object) -> dict:
    gains = [{"throughput": {"middle": 1.1, "low": 0.9, "high": high}}]
    return {"sentence": "", "bar": 1.5, "meets_bar": meets_bar, "scores": [{}] * 16, "gains": gains} | more


def confirmed(*highs: float) -> dict:
    return {str(high): {"throughput": {"middle": 1.1, "low": 0.9, "high": high}} for high in highs}


SCENARIO = {"verdict": "AS EXPECTED", "started": "today", "machine": {"cores": 2, "cpu": "one"}}
TO_COME = {
    "capacity_scripted.json": ({"is_finished": True, "found": FOUND}, [True, True, True]),
    "capacity_real.json": ({"is_finished": True, "found": FOUND}, [False, None]),
    "generator_validity.json": (
        {"healthy": [{"invalid_reasons": []}] * 50, "starved": [{"invalid_reasons": []}]},
        [True, False],
    ),
    "scenarios.json": ({"scenarios": {str(number): SCENARIO for number in range(7)}}, [False]),
    "tune.json": (tuned(1.2), [None]),
    "gpu.json": ({"measured": False, "says": "No GPU."}, [None]),
}
"""Of files that a campaign writes: what it keeps, and which of its bars are met."""


@pytest.mark.parametrize("name", list(TO_COME))
def test_what_a_campaign_keeps_is_held_against_its_bars(name: str) -> None:
    content, expected = TO_COME[name]
    result = next(each for each in KNOWN if each.file == name)
    assert [bar.is_met for bar in result.read(content, {}).bars] == expected


def test_a_tuning_in_which_nothing_was_as_quick_shows_that_nothing_gains() -> None:
    result = next(each for each in KNOWN if each.file == "tune.json")
    (bar,) = result.read(tuned(1.2, gains=[], confirmed={"a": None, "b": None}), {}).bars
    assert bar.is_met
    assert "no configuration has a p95 as good" in bar.says


@pytest.mark.parametrize(
    ("content", "is_met"),
    [
        (tuned(1.9, meets_bar=True), True),
        (tuned(1.9), False),
        (tuned(1.2, confirmed=confirmed(1.2, 1.9)), False),
        (tuned(1.2, confirmed=confirmed(1.2, 1.3)), True),
        (tuned(1.2, confirmed=confirmed(1.2)), None),
    ],
)
def test_noise_meets_no_bar_of_tuning_and_one_confirmed_candidate_shows_nothing_of_the_others(
    content: dict, *, is_met: bool | None
) -> None:
    (bar,) = read_tuning(content, {}).bars
    assert bar.is_met is is_met
    assert "95 % interval 0.90 to" in bar.says


@pytest.mark.parametrize(("kept", "is_met"), [({}, None), ({"missing": 0}, True), ({"missing": 1}, False)])
def test_receipts_that_nobody_counted_have_no_verdict(kept: dict, *, is_met: bool | None) -> None:
    assert [bar.is_met for bar in read_record_kills({"kills": 2, "answered": 5} | kept, {}).bars] == [is_met]


@pytest.mark.parametrize("name", ["capacity_scripted.json", "capacity_real.json", "peers_again.json"])
def test_what_says_nothing_yet_has_a_bar_without_a_verdict(name: str) -> None:
    result = next(each for each in KNOWN if each.file == name)
    for others in ({}, {"peers.json": {"schema": "another"}}):
        assert [bar.is_met for bar in result.read({"is_finished": False}, others).bars] == [None]


def test_scenarios_of_several_commits_are_said_to_be_so() -> None:
    mixed = read_scenarios({"scenarios": {"one": SCENARIO, "two": SCENARIO | {"commit": "abc1234"}}}, {})
    assert [row[3] for row in mixed.rows] == ["commit not kept", "abc1234"]
    assert mixed.paragraphs == ["The rows are of several commits: abc1234, commit not kept."]
    assert not read_scenarios({"scenarios": {"one": SCENARIO}}, {}).paragraphs


def test_date_commit_and_machine_stand_beside_each_file_or_are_said_to_be_missing(copied: Path) -> None:
    page = make_page(copied)
    peers = json.loads((copied / "peers.json").read_text())
    assert f"{peers['at']}, commit {peers['commit']}, {peers['machine']['cpu']}" in page
    assert "commit not kept in this file" in page


def test_a_machine_that_stands_in_the_question_is_shown_too() -> None:
    machine = {"cpu": "a processor", "cores": "2", "features": "avx2"}
    assert facts_of({"question": {"machine": machine}})[2] == "a processor, 2 cores, avx2"
