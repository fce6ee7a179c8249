"""monitoring/DRIFT.md names every metric of the controller, and says of each what the code says."""

from pathlib import Path

from monitoring.controller.metrics import CONTROLLER_DECLARATIONS, LatestLook

PAGE = (Path(__file__).resolve().parents[3] / "monitoring" / "DRIFT.md").read_text()


def row_of(each):
    labels = ", ".join(f"`{label}`" for label in each.labels) or "none"
    return f"| `{each.name}` | {labels} | {each.help} |"


def test_every_metric_of_the_controller_is_on_the_page_and_no_other():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `symmetra_")]
    assert rows == sorted(row_of(each) for each in CONTROLLER_DECLARATIONS)


def test_every_metric_is_shown_with_its_name_before_the_first_look():
    assert [family.name for family in LatestLook().collect()] == [each.name for each in CONTROLLER_DECLARATIONS]
