"""Model card and datasheet of a run: the same figures as the page, and what nobody measured by name."""

import pytest

from serving.contract.model import Evidence, ModelContract
from tests.support.report_data import build_report
from training.reporting.datasheet import UNKNOWN, write_datasheet
from training.reporting.model_card import write_card, write_run_card
from training.reporting.report import without_folders

pytestmark = pytest.mark.tensorflow


def test_card_starts_with_its_limits_and_states_the_measured_figures(report):
    card = write_run_card(report)
    assert card.index("Never a diagnosis.") < card.index("## Measured")
    assert f"| accuracy | {report['evaluation']['accuracy']:.3f} |" in card
    assert "probability of NOT being depressed" in card
    assert "| 5\N{NO-BREAK SPACE}% |" in card
    assert "PPV" in card
    assert "Background only: AUROC" in card
    assert "not given" in card


def test_card_names_what_was_not_measured(folder):
    report = build_report(folder, probes=None, baselines=None)
    card = write_run_card(report)
    assert "Not measured: probes." in card
    assert "Not measured: baselines." in card


def test_every_table_of_the_card_has_rows_of_one_width(report):
    for text in (write_run_card(report), write_datasheet(report)):
        for block in text.split("\n\n"):
            rows = [line for line in block.splitlines() if line.startswith("|")]
            assert len({line.count("|") for line in rows}) <= 1


def test_datasheet_of_drawn_faces_says_that_nobody_was_photographed(report):
    sheet = write_datasheet(report)
    assert "No person was photographed" in sheet
    assert "Drawn faces only." in sheet
    assert "no_face 2" in sheet
    assert "0123456789abcdef" in sheet
    assert UNKNOWN not in sheet


def test_datasheet_of_people_asks_for_what_only_the_site_knows(folder):
    sheet = write_datasheet(build_report(folder, drawn=False))
    assert UNKNOWN in sheet
    assert "consent" in sheet
    assert "No person was photographed" not in sheet


def test_card_shows_the_bars_and_what_cannot_be_said(report):
    card = write_run_card(report)
    assert "## Bars of a release" in card
    assert "| calibration error | ECE at most 0.03" in card
    assert "cannot be said" in card


def test_whole_photos_and_unknown_subjects_are_said(report):
    known = write_run_card(report) + write_datasheet(report)
    assert "aligned crop" in known
    assert "is not known: near" not in known
    report["run"] |= {"subjects_known": False, "data_options": {"crop": "whole"}}
    for text in (write_run_card(report), write_datasheet(report)):
        assert "one whole photo" in text
        assert "not judged" in text
        assert "is not known: near" in text


def test_small_groups_are_counted_in_card_and_datasheet(report):
    report["data"]["groups"] = {"source": {"values": 3, "groups": [], "unnamed": {"groups": 3, "photos": 9}}}
    earlier = {"group": "Ann", "photos": 5, "verdict": "insufficient", "figures": None}
    report["evaluation"]["subgroups"]["columns"] = {"source": {"groups": [earlier], "sensitivity_gap": None}}
    assert "3 smaller groups (9 photos), not named" in write_datasheet(report)
    card = write_run_card(report)
    assert "source: 1 smaller group (5 photos), not named" in card
    assert "Ann" not in card


def test_group_with_a_bar_in_its_name_does_not_break_the_table(report):
    report["data"]["groups"] = {
        "site": {"values": 1, "groups": [{"group": "A|B", "photos": 4, "depressed_share": None}]}
    }
    assert "A\\|B" in write_datasheet(report)


def test_model_that_a_run_started_from_keeps_its_file_name_only():
    told = without_folders({"recipe": {"architecture": "twin", "initial_model": "/secret/patients/model.keras"}})
    assert told == {"recipe": {"architecture": "twin", "initial_model": "model.keras"}}


CONTRACT = ModelContract(
    version=7,
    architecture="twin",
    evidence=Evidence.DEMO,
    training_data="Drawn faces.",
    limits=("Says nothing about any person.",),
    tensorflow_version="2",
    keras_version="3",
    created="2026-11-22T00:00:00Z",
)


def test_a_version_card_shows_probes_and_baselines_where_they_were_measured(report):
    card = write_card(
        CONTRACT,
        report["evaluation"],
        report["run"],
        ["64 golden crops."],
        probes=report["probes"],
        baselines=report["baselines"],
    )
    run_card = write_run_card(report)
    for heading in ("## Probes", "## Simple baselines", "## Bars of a release"):
        section = run_card[run_card.index(heading) :].split("\n## ")[0]
        assert section.strip() in card
    assert "64 golden crops." in card


def test_a_version_card_says_that_probes_were_not_measured(report):
    card = write_card(CONTRACT, report["evaluation"], report["run"], [])
    assert "Not measured: probes." in card
    assert "Not measured: baselines." in card
