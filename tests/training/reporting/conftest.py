from collections import defaultdict

import pytest
from markupsafe import Markup

from tests.support.report_data import build_report


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where the crops of the imagined reports lie; probes run once for all of them."""
    return tmp_path_factory.mktemp("report-store")


@pytest.fixture
def report(folder):
    return build_report(folder)


@pytest.fixture
def without_charts(monkeypatch):
    """Drawing takes most of a page's time; these tests look at its words."""
    monkeypatch.setattr("training.reporting.page._draw_charts", lambda _report: defaultdict(Markup))
