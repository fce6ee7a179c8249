"""The whole proof, kept as `gateway/results/privacy_proof.md`. About five minutes on a quiet machine with two cores."""

import pytest

from tests.privacy.__main__ import RESULTS
from tests.privacy.proof import prove, write_report
from tests.privacy.report import GREEN


@pytest.mark.long
@pytest.mark.needs_system("strace", "prometheus", "postgres")
def test_no_photo_and_no_marker_is_left_anywhere():
    report = prove(print)
    assert report.code == GREEN, report.as_text()
    write_report(report, RESULTS)
