"""What the page says of how often a band is wrong: measured on the version's own hold-out, or that nobody measured it."""

import dataclasses
import re

import pytest

from gateway.band_meaning import PREVALENCES_PERCENT, depressed_among, depressed_in
from gateway.errors import SettingsInvalid
from gateway.languages import CATALOGUES, ENGLISH
from gateway.settings import Settings
from serving.contract.band_counts import BandCounts
from serving.contract.model import Evidence
from serving.contract.policy import Abstention, Policy
from serving.contract.severity import Band, Thresholds
from tests.support.gateway import FakeGateway, write_policy
from tests.support.page_text import submit_photo, words_of

COUNTS = BandCounts({"none": 12.5, "mild": 17.5, "high": 70.0}, {"none": 160.0, "mild": 30.0, "high": 10.0}, 100, 200)
P_OF_BAND = {Band.NONE: 0.9, Band.MILD: 0.5, Band.HIGH: 0.1}
SAY = ENGLISH.page


def page_of(
    tmp_path, band=Band.NONE, *, policy=None, counts=COUNTS, evidence=Evidence.RESEARCH, language="en", **settings
):
    contract = {"evidence": evidence, "band_counts": counts}
    gateway = FakeGateway(tmp_path, contract=contract, languages=tuple(CATALOGUES), **settings)
    if policy is not None:
        write_policy(gateway.repository, policy)
    gateway.predictor.p_no_depression = P_OF_BAND[band]
    return submit_photo(gateway, language=language).text


def test_low_says_how_many_depressed_subjects_of_its_own_hold_out_were_in_it(tmp_path):
    text = words_of(page_of(tmp_path))
    low, high = depressed_in(Band.NONE, COUNTS).of_100
    assert SAY["meaning_missed"].format(about=12, low=low, high=high, count=12, total=100) in text
    assert "does not rule out depression" in text


@pytest.mark.parametrize("band", [Band.MILD, Band.HIGH])
def test_only_low_misses(tmp_path, band):
    assert "A low band can be wrong" not in words_of(page_of(tmp_path, band))


@pytest.mark.parametrize("band", Band)
def test_a_site_that_knows_its_prevalence_reads_one_range(tmp_path, band):
    page = page_of(tmp_path, band, site_prevalence_percent=7.5)
    low, high = depressed_among(band, COUNTS, 0.075).of_100
    assert SAY["meaning_at_site"].format(prevalence="7.5", share=f"{low} to {high}") in words_of(page)
    assert "<table" not in page


@pytest.mark.parametrize("band", Band)
def test_a_site_that_does_not_reads_the_table(tmp_path, band):
    page = page_of(tmp_path, band)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', page)
    expected = [
        (str(percent), "{} to {}".format(*depressed_among(band, COUNTS, percent / 100).of_100))
        for percent in PREVALENCES_PERCENT
    ]
    assert rows == expected
    assert SAY["meaning_table"] in words_of(page)
    text = words_of(page[: page.index("<textarea")])
    assert text.count(SAY["meaning_assumes"]) == 1
    assert text.index(SAY["meaning_in_band"]) < text.index(SAY["meaning_assumes"])


def test_the_counts_of_a_demo_model_are_said_to_be_of_drawn_faces_before_any_of_them(tmp_path):
    text = words_of(page_of(tmp_path, evidence=Evidence.DEMO))
    assert text.index(SAY["meaning_demo"]) < text.index("A low band can be wrong")
    assert SAY["meaning_demo"] not in words_of(page_of(tmp_path / "other"))


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": None},
        {"policy": Policy(thresholds=Thresholds(200_000, 600_000))},
        {"counts": BandCounts({"none": 1.0, "mild": 0.0, "high": 0.0}, {"none": 0.0, "mild": 0.0, "high": 0.0}, 1, 0)},
    ],
    ids=["older version", "other limits of the bands", "nobody to compare with"],
)
def test_what_was_not_measured_is_said_not_to_be(tmp_path, changes):
    page = page_of(tmp_path, **changes)
    assert SAY["meaning_not_measured"] in words_of(page)
    assert "<table" not in page
    assert "A low band can be wrong" not in words_of(page)


def test_the_notes_say_it_too(tmp_path):
    notes = re.search(r"<textarea[^>]*>(.*?)</textarea>", page_of(tmp_path), re.DOTALL)[1]
    assert "A low band can be wrong" in notes
    assert notes.count(SAY["meaning_in_band"]) == len(PREVALENCES_PERCENT)


def test_an_abstaining_policy_says_what_was_counted(tmp_path):
    gateway_policy = Policy(abstention=Abstention(50_000, 0.9, 0.9))
    assert SAY["meaning_without_abstention"] in words_of(page_of(tmp_path, policy=gateway_policy))
    assert SAY["meaning_without_abstention"] not in words_of(page_of(tmp_path / "other"))


def test_programs_can_count_for_themselves(tmp_path):
    def told(folder, counts):
        gateway = FakeGateway(tmp_path / folder, contract={"band_counts": counts})
        return gateway.client.get("/v1/models").json["models"][0]["band_counts"]

    assert told("counted", COUNTS) == dataclasses.asdict(COUNTS)
    assert told("older", None) is None


def test_german_says_the_same(tmp_path):
    say = CATALOGUES["de"]().page
    text = words_of(page_of(tmp_path, language="de", site_prevalence_percent=10.0))
    low, high = depressed_among(Band.NONE, COUNTS, 0.1).of_100
    assert say["meaning_at_site"].format(prevalence="10", share=f"{low} bis {high}") in text


@pytest.mark.parametrize("value", ["0", "100", "-1", "ten", "nan", ""])
def test_a_prevalence_that_cannot_be_is_a_mistake(value):
    with pytest.raises(SettingsInvalid, match="SYMMETRA_SITE_PREVALENCE_PERCENT"):
        Settings.from_environment({"SYMMETRA_MODEL_REPOSITORY": "/m", "SYMMETRA_SITE_PREVALENCE_PERCENT": value})
