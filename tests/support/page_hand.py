"""What a person does with the upload page, by hand."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WAIT_SECONDS = 60


def wait_for(driver, condition):
    """The first true result of a condition; what is replaced while one looks at it is looked at again."""
    replaced = (NoSuchElementException, StaleElementReferenceException)
    wait = WebDriverWait(driver, WAIT_SECONDS, poll_frequency=0.05, ignored_exceptions=replaced)
    return wait.until(lambda _: condition())


def find(driver, selector):
    return driver.find_element(By.CSS_SELECTOR, selector)


def choose(driver, photo) -> None:
    find(driver, "#photo").send_keys(str(photo))


def send(driver) -> None:
    """Send the form and wait for the next outcome, with a script or without."""
    before = [each.id for each in driver.find_elements(By.CSS_SELECTOR, "#outcome-heading")]
    find(driver, "#upload [type=submit]").click()
    wait_for(
        driver,
        lambda: [each for each in driver.find_elements(By.CSS_SELECTOR, "#outcome-heading") if each.id not in before],
    )


def screen(driver, photo, *, explain: bool = False) -> None:
    choose(driver, photo)
    if explain:
        find(driver, "[name=explain]").click()
    send(driver)


def heading(driver) -> str:
    return find(driver, "#outcome-heading").text


def shown_crop(driver) -> np.ndarray:
    """The pixels that the answer says it rests on."""
    source = find(driver, "#outcome .crop img").get_attribute("src")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("RGB"))
