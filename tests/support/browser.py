"""A headless Chromium as a person's browser: fresh profile, no network of its own."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
BLOCKED = 2


@contextmanager
def open_browser(
    *, javascript: bool = True, width: int = 1100, height: int = 1000, scale: float = 1.0, flags: tuple[str, ...] = ()
):
    """A browser window of so many CSS pixels; closed, and its profile removed, at the end of the block."""
    profile = tempfile.mkdtemp(prefix="browser-")
    options = Options()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, *flags, f"--user-data-dir={profile}", f"--force-device-scale-factor={scale}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": BLOCKED})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        show_as(driver, width=width, height=height, scale=scale)
        yield driver
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


def show_as(driver, *, width: int = 1100, height: int = 1000, scale: float = 1.0) -> None:
    """A window of so many CSS pixels, each so many of the screen's: at 200 % zoom half as many, each of two."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False},
    )


def use_theme(driver, theme: str) -> None:
    """`light` or `dark`, as the person's system says."""
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    )


def events(driver, method: str) -> list[dict]:
    """Parameters of what the browser reported under this name since it was last asked for anything."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [message["params"] for message in messages if message["method"] == method]


def save_screenshot(driver, path: Path) -> None:
    """The whole page, not only what the window shows."""
    size = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
    path.write_bytes(base64.b64decode(shot["data"]))
