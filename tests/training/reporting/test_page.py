import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.support.report_data import build_report
from training.reporting.page import write_page
from training.reporting.report import SECTIONS

pytestmark = pytest.mark.tensorflow
PICTURE = np.zeros((8, 8, 3), np.uint8)
VOID = {"meta", "link", "img", "br", "path", "use", "rect"}


class Reader(HTMLParser):
    """Collects identifiers and addresses, and checks that every element is closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.addresses += [value for name, value in attrs if name in ("src", "href", "xlink:href", "srcset", "action")]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(folder):
    return write_page(build_report(folder), [PICTURE])


def section_of(page, name):
    return re.search(rf'<section id="{name}">.*?</section>', page, re.DOTALL)[0]


def test_every_section_is_there_with_its_figures(page, report):
    assert set(report["missing"]) <= {"abstention", "coverage"}
    for section in SECTIONS:
        text = section_of(page, section.name)
        assert section.title in text
        assert ('class="missing"' in text) == (section.name in report["missing"])


def test_page_is_well_formed_and_asks_nobody_for_anything(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert all(address.startswith(("#", "data:image/jpeg;base64,")) for address in reader.addresses)
    assert not re.search(r"https?:|//[a-z]|@import|<script|<iframe", re.sub(r"base64,[^\"]*", "", page))
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))


def test_limits_stand_before_any_figure(page):
    assert page.index("Never a diagnosis.") < page.index('class="tiles"')
    assert "Drawn faces only." in section_of(page, "data")


def test_paper_is_labelled_not_comparable_beside_its_published_numbers(page):
    text = section_of(page, "paper")
    assert "not comparable" in text
    assert all(f"<b>{count}</b>" in text for count in (930, 101, 182, 898))


def test_no_photo_name_no_subject_and_no_folder_is_told(page, report):
    for text in (page, json.dumps(report)):
        assert "patient-7" not in text
        assert "/secret" not in text
        assert not re.search(r"\bs0\d\d\b", text)
    assert "no_face 2" in section_of(page, "data")


@pytest.mark.usefixtures("without_charts")
def test_photos_of_people_never_go_into_a_page(folder):
    people = build_report(folder, drawn=False)
    with pytest.raises(ValueError, match="photos of people"):
        write_page(people, [PICTURE])
    page = write_page(people)
    assert "<img" not in page
    assert "photos of people never go into a report" in section_of(page, "examples")


@pytest.mark.usefixtures("without_charts")
def test_missing_parts_are_named_and_say_how_to_measure_them(folder):
    old = {
        name: value
        for name, value in build_report(folder)["evaluation"].items()
        if name not in ("calibration", "subgroups")
    }
    report = build_report(folder, probes=None, baselines=None, evaluation=old, history=None)
    page = write_page(report, [PICTURE])
    for name in ("calibration", "subgroups", "probes", "corruptions", "baselines", "training"):
        assert name in report["missing"]
        assert "not in this report" in section_of(page, name)
    assert "--probes" in section_of(page, "probes")
    assert "evaluate" in section_of(page, "calibration")


@pytest.mark.usefixtures("without_charts")
def test_text_from_the_data_is_escaped(folder):
    report = build_report(folder, limits=("<script>alert(1)</script>",))
    report["data"]["groups"] = {
        "site": {"values": 1, "groups": [{"group": "<img src=x>", "photos": 1, "depressed_share": 0.5}]}
    }
    page = write_page(report, [PICTURE])
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;img src=x&gt;" in page


def test_model_that_does_not_beat_a_baseline_is_told_so_plainly(page, report):
    verdicts = [row["verdict"] for row in report["baselines"]["baselines"].values()]
    assert "not shown" in verdicts
    assert "The model was not shown to beat" in section_of(page, "baselines")
    assert "not given" in section_of(page, "baselines")


@pytest.mark.usefixtures("without_charts")
def test_background_that_gives_the_label_away_fails_loudly(folder):
    report = build_report(folder)
    report["probes"]["background"]["data_set_fails"] = True
    assert "FAILS" in section_of(write_page(report, [PICTURE]), "probes")


def test_same_report_gives_the_same_page(report, page):
    assert write_page(report, [PICTURE]) == page


@pytest.mark.usefixtures("without_charts")
def test_page_says_what_whole_photos_and_unknown_subjects_leave_open(folder):
    report = build_report(folder)
    report["run"] |= {"subjects_known": False, "data_options": {"crop": "whole"}}
    page = write_page(report, [PICTURE])
    assert "one whole photo, resized" in page
    assert "Whose the photos are is not known" in page
    assert "Not judged: these are whole photos" in section_of(page, "probes")
