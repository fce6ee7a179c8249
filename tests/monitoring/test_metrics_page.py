"""monitoring/METRICS.md is about the metrics that there are, and says of each what the code says."""

import re
from pathlib import Path

from monitoring.controller.metrics import CONTROLLER_DECLARATIONS
from monitoring.metrics import DECLARATIONS, SERIES_BUDGET, VERSIONS_KEPT
from monitoring.sentinel.metrics import SENTINEL_DECLARATIONS

PAGE = (Path(__file__).resolve().parents[2] / "monitoring" / "METRICS.md").read_text()


def row_of(each):
    name = each.name + ("_total" if each.kind == "counter" else "")
    labels = ", ".join(f"`{label}`" for label in each.labels) or "none"
    return f"| `{name}` | {each.kind} | {labels} | {each.help} |"


def test_every_metric_of_gateway_controller_and_sentinel_is_on_the_page_and_no_other():
    gateway, watching = (
        [line for line in part.splitlines() if line.startswith("| `symmetra_")] for part in PAGE.split("\n## ")
    )
    assert gateway == sorted(row_of(each) for each in DECLARATIONS)
    assert watching == sorted(row_of(each) for each in (*CONTROLLER_DECLARATIONS, *SENTINEL_DECLARATIONS))


def test_every_metric_that_the_text_names_exists():
    every = (*DECLARATIONS, *CONTROLLER_DECLARATIONS, *SENTINEL_DECLARATIONS)
    names = {each.name + ("_total" if each.kind == "counter" else "") for each in every}
    named = set(re.findall(r"`(symmetra_[a-z_]+)", PAGE))
    assert {name for name in named if re.sub(r"_(bucket|count|sum)$", "", name) not in names} == set()


def test_the_budget_is_the_one_that_a_test_holds():
    assert f"{SERIES_BUDGET:,} series" in PAGE
    assert VERSIONS_KEPT == 2
    assert "the pinned version and the one before it" in PAGE
