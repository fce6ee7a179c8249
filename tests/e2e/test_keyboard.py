"""The whole flow with nothing but a keyboard, and at every stop it shows where one is."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from gateway.languages import ENGLISH
from tests.support.browser import events
from tests.support.page_hand import find, heading, wait_for

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.needs_system("chromedriver")]
PLACE = """
    const active = document.activeElement;
    const shown = active.id === "photo" ? document.getElementById("drop") : active;
    const style = getComputedStyle(shown);
    return [active.id || active.name || active.tagName.toLowerCase(), style.outlineStyle !== "none" && style.outlineWidth !== "0px"];
"""
MOST_STOPS = 30


def press(browser, *keys):
    ActionChains(browser).send_keys(*keys).perform()


def go_to(browser, name):
    """Tab on until there; every stop on the way shows that it is one."""
    for _ in range(MOST_STOPS):
        press(browser, Keys.TAB)
        place, is_shown = browser.execute_script(PLACE)
        assert is_shown or place == "body", place
        if place == name:
            return
    raise AssertionError(f"no way to {name} with the keyboard")


def choose_by_keyboard(browser, photo):
    """Enter opens the system's own dialog, which is answered as that dialog would."""
    browser.execute_cdp_cmd("Page.enable", {})
    browser.execute_cdp_cmd("Page.setInterceptFileChooserDialog", {"enabled": True})
    events(browser, "Page.fileChooserOpened")
    press(browser, Keys.ENTER)
    (opened,) = wait_for(browser, lambda: events(browser, "Page.fileChooserOpened"))
    browser.execute_cdp_cmd("DOM.setFileInputFiles", {"files": [str(photo)], "backendNodeId": opened["backendNodeId"]})
    browser.execute_cdp_cmd("Page.setInterceptFileChooserDialog", {"enabled": False})
    wait_for(browser, find(browser, "#preview").is_displayed)


def test_a_photo_is_chosen_labelled_sent_read_copied_and_followed_by_another(browser, site):
    site.answer("mild")
    browser.get(site.url)
    go_to(browser, "photo")
    choose_by_keyboard(browser, site.faces[0])
    go_to(browser, "case-label")
    press(browser, "Room 4")
    go_to(browser, "explain")
    press(browser, Keys.SPACE)
    go_to(browser, "button")
    press(browser, Keys.ENTER)
    wait_for(browser, lambda: browser.find_elements("id", "outcome-heading"))
    assert heading(browser) == ENGLISH.band_words["mild"]
    assert browser.execute_script("return document.activeElement.id") == "outcome-heading"
    assert find(browser, ".explanation")
    assert find(browser, ".case").text == "Case: Room 4"
    go_to(browser, "copy-notes")
    press(browser, Keys.ENTER)
    assert wait_for(browser, lambda: find(browser, "#copy-status").text) == ENGLISH.page["copied"]
    go_to(browser, "summary")
    press(browser, Keys.ENTER)
    assert find(browser, "#outcome details").get_attribute("open")
    go_to(browser, "photo")
    choose_by_keyboard(browser, site.faces[1])
    go_to(browser, "button")
    site.answer("high")
    press(browser, Keys.ENTER)
    wait_for(browser, lambda: browser.find_elements("css selector", "[data-band=high]"))


def test_the_camera_is_opened_and_left_by_keyboard(browser, site):
    browser.get(site.url)
    go_to(browser, "open-camera")
    press(browser, Keys.ENTER)
    assert find(browser, "#camera").is_displayed()
    press(browser, Keys.ESCAPE)
    assert not find(browser, "#camera").is_displayed()
    assert browser.execute_script("return document.activeElement.id") == "open-camera"


def test_an_operator_pauses_by_keyboard(operator_browser, site):
    operator_browser.get(site.operator_url)
    go_to(operator_browser, "cause")
    press(operator_browser, Keys.ARROW_DOWN)
    go_to(operator_browser, "button")
    press(operator_browser, Keys.ENTER)
    wait_for(operator_browser, lambda: operator_browser.find_elements("name", "pause_id"))
    assert site.switch.state().why == "model_server"
    site.switch.resume(by="ada", why="", details={})
