import pytest

from tests.support.report_data import build_report


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where the crops of the imagined reports lie; probes run once for all of them."""
    return tmp_path_factory.mktemp("report-store")


@pytest.fixture
def report(folder):
    return build_report(folder)
