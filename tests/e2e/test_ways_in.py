"""A photo pasted, dropped beside the box, or taken with the camera; and a camera that is not there or not allowed."""

import pytest

from gateway.languages import ENGLISH
from tests.support.browser import open_browser
from tests.support.drawn_faces import drawn_face
from tests.support.page_hand import choose, find, heading, send, shown_crop, wait_for

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.needs_system("chromedriver")]
PAGE = ENGLISH.page
PASTE = """
    const files = new DataTransfer();
    for (const file of document.getElementById("photo").files) files.items.add(file);
    document.getElementById("photo").value = "";
    if (arguments[1]) files.setData("text/plain", arguments[1]);
    document.querySelector(arguments[0]).dispatchEvent(
      new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }));
"""
WATCH_STREAMS = """
    window.streams = [];
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      window.streams.push(stream);
      return stream;
    };
"""
LIVE_TRACKS = (
    "return window.streams.flatMap((each) => each.getTracks()).filter((each) => each.readyState === 'live').length"
)
REFUSE = """
    const error = arguments[0];
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", error); };
"""
FRAMES = 30


@pytest.fixture
def page(browser, site):
    site.answer("mild")
    browser.get(site.url)
    return browser


def test_a_pasted_photo_is_answered(page, site):
    choose(page, site.faces[0])
    page.execute_script(PASTE, "body", "")
    wait_for(page, find(page, "#preview").is_displayed)
    send(page)
    assert heading(page) == ENGLISH.band_words["mild"]


def test_pasted_text_is_no_photo_and_belongs_into_the_label(page):
    page.execute_script(PASTE, "body", "Room 4")
    assert find(page, "#message").text == PAGE["nothing_pasted"]
    page.refresh()
    page.execute_script(PASTE, "#case-label", "Room 4")
    assert find(page, "#message").text == ""


def test_the_label_is_not_sent(page, site):
    find(page, "#case-label").send_keys("Room 4")
    choose(page, site.faces[0])
    fields = page.execute_script("return [...new FormData(document.getElementById('upload')).keys()]")
    assert fields == ["photo"]
    send(page)
    assert find(page, "#case-label").get_attribute("value") == ""
    assert "Room 4" not in site.gateway.log()


def test_the_label_of_a_refused_photo_stays_for_the_next(page, site):
    find(page, "#case-label").send_keys("Room 4")
    choose(page, site.write("nothing.jpg", b""))
    send(page)
    assert find(page, ".case").text == "Case: Room 4"
    assert find(page, "#case-label").get_attribute("value") == "Room 4"


def test_without_a_camera_the_page_says_what_to_do(page):
    page.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["videoCapture"]})
    find(page, "#open-camera").click()
    status = find(page, "#camera [role=status]")
    wait_for(page, lambda: status.text == PAGE["camera_missing"])
    assert not find(page, "#camera [data-do=take]").is_enabled()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "camera_refused"),
        ("NotReadableError", "camera_busy"),
        ("OverconstrainedError", "camera_missing"),
    ],
)
def test_a_camera_that_is_not_allowed_or_busy_is_said_to_be_so(page, error, words):
    page.execute_script(REFUSE, error)
    find(page, "#open-camera").click()
    wait_for(page, lambda: find(page, "#camera [role=status]").text == PAGE[words])


def test_a_browser_that_gives_pages_no_camera_is_said_to_do_so(page):
    page.execute_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    find(page, "#open-camera").click()
    wait_for(page, lambda: find(page, "#camera [role=status]").text == PAGE["camera_unsupported"])


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    """A browser whose camera sees one drawn face."""
    film = tmp_path_factory.mktemp("film") / "face.mjpeg"
    film.write_bytes(drawn_face() * FRAMES)
    flags = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with open_browser(flags=flags) as driver:
        yield driver


def open_camera(camera, site):
    camera.get(site.url)
    camera.execute_script(WATCH_STREAMS)
    find(camera, "#open-camera").click()
    wait_for(camera, find(camera, "#camera [data-do=take]").is_enabled)


def test_a_photo_taken_in_the_frame_is_answered_and_the_camera_is_off(camera, site):
    site.answer("none")
    open_camera(camera, site)
    assert find(camera, "#camera .guide").is_displayed()
    assert find(camera, "#camera [role=status]").text == PAGE["camera_hint"]
    assert camera.execute_script(LIVE_TRACKS) == 1
    find(camera, "#camera [data-do=take]").click()
    wait_for(camera, find(camera, "#preview").is_displayed)
    assert camera.execute_script(LIVE_TRACKS) == 0
    assert not find(camera, "#camera").is_displayed()
    send(camera)
    assert heading(camera) == ENGLISH.band_words["none"]
    assert shown_crop(camera).std() > 10


@pytest.mark.parametrize("way", ["button", "escape", "hidden"])
def test_every_way_out_turns_the_camera_off(camera, site, way):
    open_camera(camera, site)
    if way == "button":
        find(camera, "#camera [data-do=close]").click()
    elif way == "escape":
        find(camera, "#camera [data-do=close]").send_keys("\ue00c")
    else:
        camera.execute_script("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    wait_for(camera, lambda: camera.execute_script(LIVE_TRACKS) == 0)
    assert not find(camera, "#camera").is_displayed()
