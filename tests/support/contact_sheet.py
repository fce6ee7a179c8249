"""`python -m tests.support.contact_sheet`: every state of the page in both themes and on a phone, as one picture to look at.

Written to `gateway/results/pages.webp`; a folder as argument gets every screenshot at full size too.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.support.browser import open_browser, save_screenshot, show_as, use_theme
from tests.support.page_hand import choose, find, screen, wait_for
from tests.support.page_site import P_OF_BANDS, PageSite

RESULT = Path(__file__).resolve().parents[2] / "gateway/results/pages.webp"
LOOKS = {"light": {"width": 1000}, "dark": {"width": 1000}, "phone": {"width": 320, "height": 640}}
CELL_WIDTHS = {"light": 300, "dark": 300, "phone": 160}
CELL_HEIGHT = 560
GAP = 6


def states(driver, site: PageSite) -> Iterator[str]:
    """Bring the page into one state after another, by name."""
    driver.get(site.url)
    yield "empty"
    choose(driver, site.faces[0])
    wait_for(driver, find(driver, "#preview").is_displayed)
    yield "chosen"
    for band in P_OF_BANDS:
        site.answer(band)
        find(driver, "#case-label").send_keys("Room 4")
        screen(driver, site.faces[1], explain=band == "mild")
        yield f"answer {band}"
    with site.abstaining():
        screen(driver, site.faces[0])
        yield "abstention"
    screen(driver, site.write("nothing.jpg", b""))
    yield "refusal"
    with site.paused():
        driver.get(site.url)
        yield "paused"
    driver.get(site.ward_url)
    yield "sign in"
    site.sign_in(driver, "clinician")
    find(driver, "[name=notice_version]").click()
    screen(driver, site.faces[0])
    yield "view before the score"
    driver.get(f"{site.ward_url}outcome")
    yield "outcome"
    site.sign_in(driver, "operator", "/operator")
    yield "operator"
    driver.get(f"{site.url}problems/v1/no_face")
    yield "problem"


def take_all(folder: Path) -> dict[str, list[Path]]:
    """Screenshots of every state in every look, by state."""
    taken: dict[str, list[Path]] = {}
    with PageSite(folder) as site, open_browser() as driver:
        for state in states(driver, site):
            for look, size in LOOKS.items():
                show_as(driver, **size)
                use_theme(driver, "dark" if look == "dark" else "light")
                path = folder / f"{state.replace(' ', '-')}-{look}.png"
                save_screenshot(driver, path)
                taken.setdefault(state, []).append(path)
            show_as(driver)
    return taken


def make_sheet(taken: dict[str, list[Path]]) -> Image.Image:
    """One cell for each state, three looks beside each other, three cells a row."""
    cell_width = sum(CELL_WIDTHS.values()) + GAP * len(CELL_WIDTHS)
    rows = -(-len(taken) // 3)
    sheet = Image.new("RGB", (3 * cell_width + GAP, rows * (CELL_HEIGHT + GAP) + GAP), (120, 120, 120))
    for number, paths in enumerate(taken.values()):
        x, y = GAP + (number % 3) * cell_width, GAP + (number // 3) * (CELL_HEIGHT + GAP)
        for path, width in zip(paths, CELL_WIDTHS.values(), strict=True):
            picture = Image.open(path).convert("RGB")
            picture = picture.resize((width, picture.height * width // picture.width), Image.Resampling.LANCZOS)
            sheet.paste(picture.crop((0, 0, width, min(CELL_HEIGHT, picture.height))), (x, y))
            x += width + GAP
    return sheet


def main() -> None:
    """Take them, and put them together."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        RESULT.parent.mkdir(exist_ok=True)
        make_sheet(take_all(folder)).save(RESULT, quality=60)


if __name__ == "__main__":
    main()
