"""A person signs in with a real browser, screens, is attacked by another site's page, loses the session, and signs out."""

import html

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess
from tests.support.people import sign_in_settings
from tests.support.sign_in_provider import SignInProvider
from tests.support.stub_model_server import StubModelServer

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.needs_system("chromedriver")]
WAIT_SECONDS = 60


class ProviderWithNeighbour(SignInProvider):
    """Beside it, under the same name and under another, a page that sends a form of its own to the gateway."""

    target = ""
    encoding = ""

    def answer_get(self, handler):
        if handler.path != "/neighbour":
            super().answer_get(handler)
            return
        page = (
            f'<!doctype html><form id="f" method="post" enctype="{self.encoding}" action="{html.escape(self.target)}">'
            '<input name="form_token" value="made-up"></form><script>document.getElementById("f").submit()</script>'
        )
        self.send(handler, 200, page, {"Content-Type": "text/html"})


@pytest.fixture(scope="module")
def provider():
    with ProviderWithNeighbour() as provider:
        provider.shows_page = True
        yield provider


@pytest.fixture(scope="module")
def gateway(provider, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    repository = make_repository(folder / "models")
    with StubModelServer(VERSION) as stub:
        settings = sign_in_settings(provider, folder)
        gateway = GatewayProcess(repository.directory.parent, stub.address, cores=1, **settings)
        # Where it listens is known only now.
        gateway._environment["SYMMETRA_PUBLIC_URL"] = f"http://127.0.0.1:{gateway.port}"
        with gateway:
            yield gateway


def wait_for(driver, selector):
    WebDriverWait(driver, WAIT_SECONDS).until(lambda d: d.find_elements(By.CSS_SELECTOR, selector))
    return driver.find_element(By.CSS_SELECTOR, selector)


def test_a_person_signs_in_screens_is_attacked_loses_the_session_and_signs_out(browser, gateway, provider, tmp_path):
    page = f"http://127.0.0.1:{gateway.port}/"
    photo = tmp_path / "face.jpg"
    photo.write_bytes(drawn_face())

    # In, by two clicks: one here, one at the provider.
    browser.get(page)
    assert not browser.find_elements(By.ID, "upload")
    wait_for(browser, "a.button").click()
    wait_for(browser, "#go").click()
    wait_for(browser, "#upload")
    assert browser.current_url == page, "no code and no state stays in the address"
    (cookie,) = browser.get_cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert browser.execute_script("return document.cookie") == ""

    # The script sends the form's token along.
    browser.find_element(By.ID, "photo").send_keys(str(photo))
    browser.find_element(By.CSS_SELECTOR, "#upload [type=submit]").click()
    assert wait_for(browser, "#outcome-heading").get_attribute("data-band")

    # Pages of others: under another name no cookie goes along, under the same one the form is refused.
    for name, code in (("localhost", "sign_in_needed"), ("127.0.0.1", "cross_site_request")):
        for path, encoding in (("", "multipart/form-data"), ("sign-out", "application/x-www-form-urlencoded")):
            provider.target, provider.encoding = page + path, encoding
            browser.get(f"http://{name}:{provider.port}/neighbour")
            assert code in wait_for(browser, "#outcome").text
    browser.get(page)
    assert browser.find_elements(By.ID, "upload"), "still signed in"

    # The session is lost while a photo is chosen: the page stays and says what to do.
    browser.find_element(By.ID, "photo").send_keys(str(photo))
    browser.add_cookie({"name": cookie["name"], "value": "made-up"})
    browser.find_element(By.CSS_SELECTOR, "#upload [type=submit]").click()
    again = wait_for(browser, "#outcome a.button")
    assert "choose it again" in browser.find_element(By.ID, "outcome").text
    again.click()
    wait_for(browser, "#go").click()
    wait_for(browser, "#upload")

    # Out, here and at the provider.
    browser.find_element(By.CSS_SELECTOR, ".sign-out button").click()
    WebDriverWait(browser, WAIT_SECONDS).until(lambda d: d.current_url.startswith(f"{provider.address}/logout?"))
    assert not browser.get_cookies()
    browser.get(page)
    assert wait_for(browser, "a.button").text == "Sign in"
