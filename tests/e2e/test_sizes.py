"""A phone, a large print, and how little is sent."""

import pytest

from serving.contract.model import MODEL_NAME
from tests.support.browser import events, show_as
from tests.support.page_hand import find, screen
from tests.support.page_site import P_OF_BANDS

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.needs_system("chromedriver")]
PHONE = {"width": 320, "height": 640}
LARGE = {"width": 640, "height": 512, "scale": 2.0}
"""A window of 1280 x 1024 at 200 %."""
FIRST_PAGE_BYTES = 60_000
TOO_WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
LARGE_PRINT = "document.documentElement.style.fontSize = '200%'"


def ends(element):
    return element.location["y"], element.location["y"] + element.size["height"]


@pytest.mark.parametrize("band", P_OF_BANDS)
def test_on_a_phone_a_band_and_its_limits_share_a_view(browser, site, band):
    show_as(browser, **PHONE)
    site.answer(band)
    browser.get(site.url)
    screen(browser, site.faces[0])
    places = [ends(find(browser, f"#outcome {part}")) for part in (".banner", "h2", ".crop", ".in-short", ".meaning")]
    assert max(bottom for _, bottom in places) - min(top for top, _ in places) <= PHONE["height"]
    places = [ends(find(browser, f"#outcome {part}")) for part in ("h2", ".severity", ".severity + p")]
    assert max(bottom for _, bottom in places) - min(top for top, _ in places) <= PHONE["height"]
    # And that view is the one that the answer comes with.
    assert (
        browser.execute_script("return document.querySelector('#outcome .meaning').getBoundingClientRect().bottom")
        <= PHONE["height"]
    )
    assert browser.execute_script("return document.querySelector('#outcome .banner').getBoundingClientRect().top") >= 0


def each_state(browser, site):
    browser.get(site.url)
    yield "empty"
    screen(browser, site.faces[0], explain=True)
    find(browser, "#outcome details summary").click()
    yield "answer"
    screen(browser, site.write("nothing.jpg", b""))
    yield "refusal"
    browser.get(site.operator_url)
    find(browser, "details summary").click()
    yield "operator"
    browser.get(site.url + "problems/v1/no_face")
    yield "problem"
    browser.get(site.url + "reference")
    yield "reference"


@pytest.mark.parametrize("size", [PHONE, LARGE], ids=["320 pixels", "200 %"])
def test_nothing_scrolls_sideways(operator_browser, site, size):
    show_as(operator_browser, **size)
    for state in each_state(operator_browser, site):
        assert operator_browser.execute_script(TOO_WIDE) <= 0, state
        if size is LARGE:
            operator_browser.execute_script(LARGE_PRINT)
            assert operator_browser.execute_script(TOO_WIDE) <= 0, f"{state}, letters twice as large"


def test_the_first_page_is_small_and_nothing_is_asked_of_anybody_else(browser, site):
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.get(site.url)
    transferred = browser.execute_script(
        "return performance.getEntries().map((each) => [each.name, each.transferSize ?? 0])"
    )
    assert sum(size for _, size in transferred) <= FIRST_PAGE_BYTES, transferred
    assert len([size for name, size in transferred if size]) >= 5
    screen(browser, site.faces[0])
    asked = [each["request"]["url"] for each in events(browser, "Network.requestWillBeSent")]
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith((site.url, "data:", f"blob:{site.url}"))] == []
    assert MODEL_NAME in find(browser, "#outcome").text
