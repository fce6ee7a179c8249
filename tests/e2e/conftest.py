"""One real stack for all end-to-end tests: model server with TensorFlow, gateway, and Prometheus where it is installed."""

import dataclasses
from dataclasses import dataclass

import pytest

from serving.local.ports import LocalPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, start_gateway, start_model_server, start_prometheus
from tests.support.browser import open_browser, show_as, use_theme
from tests.support.page_site import PageSite
from tests.support.tiny_version import copy_tiny_repository


@dataclass(frozen=True)
class Stack:
    ports: LocalPorts

    @property
    def port(self) -> int:
        return self.ports.port


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    ports = LocalPorts(*(find_free_port() for _ in dataclasses.fields(LocalPorts)))
    python = Interpreters.this_one()
    with ProcessGroup(folder / "logs") as group:
        # A copy: the model server's config is written beside the versions.
        models = copy_tiny_repository(folder / "models")
        start_model_server(group, python.serving, models, ports)
        start_gateway(group, python.gateway, models, ports)
        start_prometheus(group, folder / "prometheus", ports)
        yield Stack(ports)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A gateway whose model answers as told, for states that a real model is seldom in."""
    with PageSite(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="session")
def session_browser():
    with open_browser() as driver:
        yield driver


@pytest.fixture
def browser(session_browser):
    """One browser for all tests, as a person's with nothing open; other tests' logs and sizes are gone."""
    show_as(session_browser)
    use_theme(session_browser, "light")
    session_browser.get("about:blank")
    for log in ("browser", "performance"):
        session_browser.get_log(log)
    return session_browser


@pytest.fixture
def operator_browser(browser, site):
    """The same with an operator who is signed in."""
    site.sign_in(browser, "operator", "/operator")
    yield browser
    browser.delete_all_cookies()
