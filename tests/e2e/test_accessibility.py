"""axe-core finds nothing in any state of any page, in both themes."""

import io

import numpy as np
import pytest
from PIL import Image

from gateway.languages import ENGLISH
from gateway.operating.charts import CHARTS
from tests.support.accessibility import violations
from tests.support.browser import use_theme
from tests.support.drawn_faces import drawn_face
from tests.support.hostile_photos import refused_photos
from tests.support.page_hand import choose, find, heading, screen, shown_crop, wait_for
from tests.support.page_site import P_OF_BANDS

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.needs_system("chromedriver")]
COLOURS = ("color-contrast", "link-in-text-block")
SMALL_BYTES = 1024 * 1024


@pytest.fixture
def page(browser, site):
    browser.get(site.url)
    return browser


@pytest.fixture(scope="module")
def refused(site):
    """A photo for every code that a person meets by choosing a wrong one; drawn faces do not turn away."""
    photos = {code: content for content, code in refused_photos().values() if len(content) < SMALL_BYTES}
    face = np.asarray(Image.open(io.BytesIO(drawn_face())))
    photos |= {
        "several_faces": jpeg(np.hstack([face, face])),
        "face_too_small": jpeg(np.asarray(Image.fromarray(face).resize((96, 72)))),
        "too_dark": jpeg(face // 12),
        "too_bright": jpeg(np.clip(face.astype(int) * 4, 0, 255).astype(np.uint8)),
        "too_blurred": jpeg(np.asarray(Image.fromarray(face).resize((40, 30)).resize((640, 480)))),
    }
    return {code: site.write(f"{code}.jpg", content) for code, content in photos.items()}


def jpeg(pixels) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=95)
    return content.getvalue()


def check(browser):
    """By all rules in one theme; the other differs in its colours alone."""
    use_theme(browser, "dark")
    assert violations(browser, COLOURS) == []
    use_theme(browser, "light")
    assert violations(browser) == []


def test_the_empty_page_and_a_chosen_photo(page, site):
    check(page)
    choose(page, site.faces[0])
    wait_for(page, find(page, "#preview").is_displayed)
    check(page)


@pytest.mark.parametrize("band", P_OF_BANDS)
def test_an_answer(page, site, band):
    site.answer(band)
    find(page, "#case-label").send_keys("Room 4")
    screen(page, site.faces[0])
    find(page, "details summary").click()
    check(page)


def test_an_answer_with_its_explanation(page, site):
    screen(page, site.faces[0], explain=True)
    assert find(page, ".explanation")
    check(page)


def test_an_abstention(page, site):
    with site.abstaining():
        screen(page, site.faces[0])
    assert heading(page) == ENGLISH.page["abstained"]
    check(page)


def test_every_refusal_of_a_photo(page, refused):
    told = []
    for photo in refused.values():
        screen(page, photo)
        told.append(find(page, ".refusal code").text)
        check(page)
    assert told == list(refused)


def test_a_photo_that_is_too_large(page, site):
    choose(page, site.write("large.jpg", bytes(11 * 1024 * 1024)))
    assert find(page, "#message").text == ENGLISH.page["too_large"].format(megabytes=10)
    check(page)


def test_a_fault_of_ours(page, site):
    with site.failing():
        screen(page, site.faces[0])
    assert heading(page) == ENGLISH.page["fault"]
    check(page)


def test_a_pause_and_a_missing_model(browser, site):
    for state in (site.paused, site.without_model):
        with state():
            browser.get(site.url)
            assert heading(browser) == ENGLISH.page["no_model"]
            check(browser)


def test_an_address_that_does_not_exist(browser, site):
    browser.get(site.url + "nowhere")
    check(browser)


def test_the_reference_and_the_page_of_a_problem(browser, site):
    browser.get(site.url + "problems/v1/no_face")
    check(browser)
    browser.get(site.url + "reference")
    check(browser)


def test_the_operator_page_as_it_runs_and_paused(operator_browser, site):
    operator_browser.get(site.operator_url)
    assert len(operator_browser.find_elements("css selector", ".chart svg")) == len(CHARTS)
    check(operator_browser)
    with site.paused():
        operator_browser.get(site.operator_url)
        find(operator_browser, "details summary").click()
        check(operator_browser)


def test_signing_in_and_out_and_having_no_role(browser, site):
    browser.get(site.ward_url)
    assert find(browser, "a.button").text == ENGLISH.page["sign_in"]
    check(browser)
    site.sign_in(browser, "visitor")
    assert "the help desk" in find(browser, "#outcome").text
    check(browser)
    site.sign_in(browser, "clinician")
    check(browser)
    find(browser, ".sign-out button").click()
    wait_for(browser, lambda: ENGLISH.page["signed_out"] in browser.title)
    check(browser)


def test_a_view_before_the_score_a_review_and_an_outcome(browser, site):
    site.answer("mild")
    site.sign_in(browser, "clinician")
    find(browser, "[name=notice_version]").click()
    screen(browser, site.faces[0])
    assert heading(browser) == ENGLISH.page["commit_heading"]
    check(browser)
    find(browser, "[name=committed_band][value=mild]").click()
    find(browser, ".commit [type=submit]").click()
    wait_for(browser, lambda: browser.find_elements("css selector", "[data-band=mild]"))
    assert shown_crop(browser).std() > 1
    check(browser)
    find(browser, "[name=verdict][value=unsure]").click()
    find(browser, "#review [type=submit]").click()
    wait_for(browser, lambda: ENGLISH.page["review_thanks"] in find(browser, "#review").text)
    assert browser.execute_script("return document.activeElement.id") == "review-heading"
    check(browser)
    receipt = find(browser, ".worth code").text
    find(browser, "#review a").click()
    find(browser, "#receipt").send_keys("unknown")
    find(browser, "[name=instrument]").click()
    find(browser, "main [type=submit]").click()
    wait_for(browser, lambda: browser.find_elements("css selector", ".message"))
    check(browser)
    find(browser, "#receipt").clear()
    find(browser, "#receipt").send_keys(receipt)
    find(browser, "[name=instrument]").click()
    find(browser, "#score").send_keys("7")
    browser.execute_script("document.getElementById('assessed_on').valueAsDate = new Date()")
    find(browser, "main [type=submit]").click()
    wait_for(browser, lambda: browser.find_elements("css selector", "main [role=status]"))
    check(browser)
    browser.delete_all_cookies()
