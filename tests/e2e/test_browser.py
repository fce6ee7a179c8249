"""A person with a browser and the whole real stack: page, gateway, detectors, model server, TensorFlow."""

import http.client
import json
from types import SimpleNamespace

import pytest
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from skimage import data

from gateway.languages import ENGLISH
from serving.contract.model import MODEL_NAME
from serving.contract.severity import Band
from serving.repository import ModelRepository
from tests.support.browser import open_browser, save_screenshot
from tests.support.drawn_faces import drawn_face
from tests.support.tiny_version import tiny_repository

pytestmark = [
    pytest.mark.needs_system("chromium"),
    pytest.mark.needs_system("chromedriver"),
]
WAIT_SECONDS = 60
SUBMIT = "#upload button[type=submit]"
DROP = """
    const input = document.createElement("input");
    input.type = "file";
    input.id = "planted";
    input.addEventListener("change", () => {
      const dataTransfer = new DataTransfer();
      for (const file of input.files) dataTransfer.items.add(file);
      const drop = document.getElementById("drop");
      for (const kind of ["dragenter", "dragover", "drop"]) {
        drop.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
      }
      input.remove();
    });
    document.body.append(input);
"""


@pytest.fixture(scope="module")
def page(stack):
    return f"http://127.0.0.1:{stack.port}/"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    (folder / "face.jpg").write_bytes(drawn_face())
    Image.fromarray(data.coffee()).save(folder / "cup.png")
    (folder / "large.jpg").write_bytes(bytes(11 * 1024 * 1024))
    return SimpleNamespace(face=folder / "face.jpg", cup=folder / "cup.png", large=folder / "large.jpg")


@pytest.fixture(scope="module")
def expected(stack, photos):
    """What the API says about the same drawn face, and what the pinned version says of itself."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    connection.request("POST", "/v1/screenings", photos.face.read_bytes(), {"Content-Type": "image/jpeg"})
    band = Band(json.load(connection.getresponse())["band"])
    connection.close()
    contract = ModelRepository(tiny_repository(), MODEL_NAME).pin().contract
    return SimpleNamespace(band_words=ENGLISH.band_words[band], version=contract.version, limits=contract.limits)


def submit(driver, photo):
    driver.find_element(By.ID, "photo").send_keys(str(photo))
    driver.find_element(By.CSS_SELECTOR, SUBMIT).click()
    return wait_for_outcome(driver)


def wait_for_outcome(driver):
    WebDriverWait(driver, WAIT_SECONDS).until(lambda d: d.find_elements(By.ID, "outcome-heading"))
    return driver.find_element(By.ID, "outcome")


def check_answer(driver, outcome, expected):
    heading = outcome.find_element(By.ID, "outcome-heading")
    assert heading.text == expected.band_words
    text = outcome.text
    assert f"{MODEL_NAME}, version {expected.version}" in text
    assert all(limit in text for limit in expected.limits)
    assert ENGLISH.page["severity_meaning"] in text
    assert "Not a diagnosis" in driver.find_element(By.CLASS_NAME, "purpose").text
    (banner,) = [each for each in outcome.find_elements(By.CLASS_NAME, "banner") if each.text == ENGLISH.demo_notice]
    assert banner.location["y"] < heading.location["y"]


def check_nothing_went_wrong_unseen(driver):
    """No script error, no blocked resource, nothing fetched from elsewhere."""
    severe = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert [entry for entry in severe if "the server responded with a status of 4" not in entry["message"]] == []
    origins = driver.execute_script(
        "return performance.getEntries().map((e) => e.name).filter((n) => n.includes('://'))"
    )
    assert origins
    assert all(name.startswith((driver.current_url, "blob:" + driver.current_url)) for name in origins)


def test_a_chosen_photo_is_answered_on_the_page(browser, page, photos, expected, tmp_path):
    browser.get(page)
    outcome = submit(browser, photos.face)
    check_answer(browser, outcome, expected)
    WebDriverWait(browser, WAIT_SECONDS).until(
        lambda _: outcome.find_element(By.CSS_SELECTOR, ".crop img").is_displayed()
    )
    assert browser.switch_to.active_element.get_attribute("id") == "outcome-heading"
    check_nothing_went_wrong_unseen(browser)
    save_screenshot(browser, tmp_path / "answer.png")


def test_a_dropped_photo_is_answered_too(browser, page, photos, expected):
    browser.get(page)
    browser.execute_script(DROP)
    browser.find_element(By.ID, "planted").send_keys(str(photos.face))
    WebDriverWait(browser, WAIT_SECONDS).until(lambda d: d.find_element(By.ID, "preview").is_displayed())
    browser.find_element(By.CSS_SELECTOR, SUBMIT).click()
    check_answer(browser, wait_for_outcome(browser), expected)
    check_nothing_went_wrong_unseen(browser)


def test_two_dropped_photos_are_asked_for_one_at_a_time(browser, page, photos):
    browser.get(page)
    browser.execute_script(DROP + "input.multiple = true;")
    browser.find_element(By.ID, "planted").send_keys(f"{photos.face}\n{photos.cup}")
    message = browser.find_element(By.ID, "message")
    WebDriverWait(browser, WAIT_SECONDS).until(lambda _: message.text)
    assert message.text == ENGLISH.page["only_one"]


def test_a_coffee_cup_is_refused_politely_and_the_next_photo_answered(browser, page, photos, expected, tmp_path):
    browser.get(page)
    outcome = submit(browser, photos.cup)
    assert outcome.find_element(By.ID, "outcome-heading").text == ENGLISH.page["refusal"]
    assert "No face was found in this photo." in outcome.text
    assert ENGLISH.page["what_to_do"] in outcome.text
    assert outcome.find_elements(By.CSS_SELECTOR, "[role=alert]")
    assert "score band" not in outcome.text
    check_nothing_went_wrong_unseen(browser)
    save_screenshot(browser, tmp_path / "refusal.png")
    refusal = browser.find_element(By.ID, "outcome-heading")
    browser.find_element(By.ID, "photo").send_keys(str(photos.face))
    browser.find_element(By.CSS_SELECTOR, SUBMIT).click()
    WebDriverWait(browser, WAIT_SECONDS).until(lambda d: d.find_element(By.ID, "outcome-heading").id != refusal.id)
    assert browser.find_element(By.ID, "outcome-heading").text == expected.band_words


def test_a_photo_that_is_too_large_is_told_before_it_is_sent(browser, page, photos):
    browser.get(page)
    browser.find_element(By.ID, "photo").send_keys(str(photos.large))
    assert browser.find_element(By.ID, "message").text == ENGLISH.page["too_large"].format(megabytes=10)
    browser.find_element(By.CSS_SELECTOR, SUBMIT).click()
    assert not browser.find_elements(By.ID, "outcome-heading")


def test_everything_works_without_a_script(page, photos, expected, tmp_path):
    with open_browser(javascript=False) as driver:
        driver.get(page)
        check_answer(driver, submit(driver, photos.face), expected)
        save_screenshot(driver, tmp_path / "without-a-script.png")
        driver.find_element(By.ID, "photo").send_keys(str(photos.cup))
        driver.find_element(By.CSS_SELECTOR, SUBMIT).click()
        refused = f"//h2[@id='outcome-heading' and text()='{ENGLISH.page['refusal']}']"
        WebDriverWait(driver, WAIT_SECONDS).until(lambda d: d.find_elements(By.XPATH, refused))


def test_an_explanation_is_shown_on_request(browser, page, photos, expected, tmp_path):
    browser.get(page)
    browser.find_element(By.NAME, "explain").click()
    outcome = submit(browser, photos.face)
    check_answer(browser, outcome, expected)
    picture = outcome.find_element(By.CSS_SELECTOR, ".explanation svg")
    assert picture.is_displayed()
    assert picture.find_elements(By.CSS_SELECTOR, "rect.up, rect.down")
    assert ENGLISH.explanation_caption in outcome.text
    check_nothing_went_wrong_unseen(browser)
    save_screenshot(browser, tmp_path / "explanation.png")
