"""The controller's page before its first look. What the metrics are: `tests/monitoring/test_metrics_page.py`."""

from monitoring.controller.metrics import CONTROLLER_DECLARATIONS, LatestLook


def test_every_metric_is_shown_with_its_name_before_the_first_look():
    assert [family.name for family in LatestLook().collect()] == [each.name for each in CONTROLLER_DECLARATIONS]
