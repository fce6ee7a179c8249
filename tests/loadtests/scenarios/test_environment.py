"""A shell that holds the settings of a real site: no part of a scenario gets any of them."""

import os

import pytest

from loadtests.errors import ScenarioFailed
from loadtests.scenarios import preparing
from loadtests.scenarios.environment import without_settings
from loadtests.scenarios.site import Site
from serving.local.ports import environment_of
from serving.local.stack import Interpreters
from tests.support.scenario_outcomes import SCENARIO

URL = "postgresql://a-real-site/records"


class StartedError(Exception):
    """A part was to be started; nothing is."""


@pytest.fixture(autouse=True)
def settings_of_a_site(monkeypatch):
    monkeypatch.setenv("SYMMETRA_RECORDS_URL", URL)
    monkeypatch.setenv("NOT_OURS", "stays")


def test_settings_are_gone_within_and_back_afterwards():
    with pytest.raises(ScenarioFailed), without_settings():
        assert not [name for name in os.environ if name.startswith("SYMMETRA_")]
        assert os.environ["NOT_OURS"] == "stays"
        raise ScenarioFailed("whatever happens")
    assert os.environ["SYMMETRA_RECORDS_URL"] == URL


def test_no_part_of_a_site_is_started_with_them(tmp_path, monkeypatch):
    seen = []

    def start(_group, _python, _models, ports):
        seen.append(environment_of(ports))
        raise StartedError

    monkeypatch.setattr("loadtests.scenarios.site.start_model_server", start)
    with pytest.raises(StartedError), Site(SCENARIO, tmp_path, Interpreters.this_one(), has_model_door=False):
        pass
    assert "SYMMETRA_RECORDS_URL" not in seen[0]
    assert seen[0]["NOT_OURS"] == "stays"
    assert os.environ["SYMMETRA_RECORDS_URL"] == URL


def test_the_version_and_the_faces_are_made_without_them(tmp_path, monkeypatch):
    seen = []

    def make(*_, **__):
        seen.append(dict(os.environ))
        raise StartedError

    monkeypatch.setattr(preparing, "prepare_model", make)
    with pytest.raises(StartedError):
        preparing.prepare(tmp_path, Interpreters.this_one())
    assert "SYMMETRA_RECORDS_URL" not in seen[0]
