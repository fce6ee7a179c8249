"""Two photos in two tabs, one after the other, and back and forward: each answer keeps its own crop."""

import numpy as np
import pytest
from selenium.common.exceptions import NoSuchElementException

from gateway.languages import ENGLISH
from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from tests.support.browser import open_browser
from tests.support.page_hand import choose, find, heading, screen, send, shown_crop, wait_for

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.needs_system("chromedriver")]


@pytest.fixture(scope="module")
def crops(site):
    detector = FaceDetector()
    return [make_crop(face.read_bytes(), CropSpec(), detector).crop for face in site.faces]


def shows(browser, crop):
    return np.array_equal(shown_crop(browser), crop)


@pytest.fixture
def tab(browser):
    """A second tab, closed at the end."""
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    second = browser.current_window_handle
    yield first, second
    browser.switch_to.window(second)
    browser.close()
    browser.switch_to.window(first)


def test_the_two_photos_are_different_people(crops):
    assert np.abs(crops[0].astype(int) - crops[1]).mean() > 10


def test_two_tabs_keep_their_own_crop_and_label(browser, site, crops, tab):
    labels = ("Room 4", "Room 5")
    for window, photo, label in zip(tab, site.faces, labels, strict=True):
        browser.switch_to.window(window)
        browser.get(site.url)
        find(browser, "#case-label").send_keys(label)
        choose(browser, photo)
    for window in reversed(tab):
        browser.switch_to.window(window)
        send(browser)
    for window, crop, label in zip(tab, crops, labels, strict=True):
        browser.switch_to.window(window)
        assert shows(browser, crop)
        assert find(browser, ".case").text == f"Case: {label}"
        assert find(browser, "#notes").get_attribute("value").startswith(f"Case: {label}\n")


def test_the_next_photo_takes_the_place_of_the_one_before_also_where_it_gets_no_answer(browser, site, crops):
    browser.get(site.url)
    screen(browser, site.faces[0])
    screen(browser, site.faces[1])
    assert shows(browser, crops[1])
    site.stub.go_on.clear()
    choose(browser, site.faces[0])
    find(browser, "#upload [type=submit]").click()
    wait_for(browser, lambda: find(browser, "#status").text == ENGLISH.page["working"])
    assert not browser.find_elements("css selector", "#outcome *"), "an answer stands there while another is made"
    assert not find(browser, "#photo").is_enabled()
    site.stub.go_on.set()
    wait_for(browser, lambda: browser.find_elements("css selector", "#outcome .crop"))
    assert shows(browser, crops[0])


def crop_or_nothing(browser, crop):
    """Where an answer is shown after all, it is this photo's."""
    try:
        return shows(browser, crop)
    except NoSuchElementException:
        return True


def test_back_and_forward_show_the_photos_own_answer_or_none(browser, site, crops):
    browser.get(site.url)
    screen(browser, site.faces[0])
    browser.get(site.url + "reference")
    browser.get(site.url)
    screen(browser, site.faces[1])
    browser.back()
    browser.back()
    assert crop_or_nothing(browser, crops[0])
    assert not browser.execute_script("return document.getElementById('photo').files.length")
    assert find(browser, "#case-label").get_attribute("value") == ""
    browser.forward()
    browser.forward()
    assert crop_or_nothing(browser, crops[1])


@pytest.fixture(scope="module")
def scriptless():
    with open_browser(javascript=False) as driver:
        yield driver


def test_without_a_script_tabs_back_and_forward_keep_them_too(scriptless, site, crops):
    site.answer("none")
    scriptless.get(site.url)
    assert not find(scriptless, "#case-label").is_displayed()
    assert not find(scriptless, "#open-camera").is_displayed()
    screen(scriptless, site.faces[0], explain=True)
    assert heading(scriptless) == ENGLISH.band_words["none"]
    assert find(scriptless, ".explanation")
    assert find(scriptless, "#notes").is_displayed()
    assert not find(scriptless, "#copy-notes").is_displayed()
    assert shows(scriptless, crops[0])
    first = scriptless.current_window_handle
    scriptless.switch_to.new_window("tab")
    scriptless.get(site.url)
    screen(scriptless, site.faces[1])
    assert shows(scriptless, crops[1])
    scriptless.back()
    assert crop_or_nothing(scriptless, crops[1])
    scriptless.forward()
    assert crop_or_nothing(scriptless, crops[1])
    scriptless.switch_to.window(first)
    assert shows(scriptless, crops[0])
    # A second photo from the page of the first one's answer, and back again.
    screen(scriptless, site.faces[1])
    assert shows(scriptless, crops[1])
    scriptless.back()
    assert crop_or_nothing(scriptless, crops[0])
