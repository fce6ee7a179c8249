"""The committed dashboards: current, whole, in one piece on the screen, and honest."""

import io
import itertools
import json
import re
from pathlib import Path

import pytest

from monitoring.commands.dashboards import run
from monitoring.dashboards.panel import COLUMNS, SCHEMA_VERSION
from monitoring.dashboards.shared_panels import HONEST
from monitoring.dashboards.writing import DASHBOARDS_FOLDER, generated_dashboards, generated_files
from monitoring.objectives import SLO_PATH, read_objectives

FILES = sorted(DASHBOARDS_FOLDER.glob("*.json"))
RUNBOOK = Path(__file__).resolve().parents[3] / "monitoring" / "RUNBOOK.md"
CONFIG_MAP_BYTES = 1_000_000
KINDS = {"row", "text", "stat", "timeseries", "bargauge", "table"}
UNITS = {"short", "s", "µs", "bytes", "percentunit", "reqps", "dateTimeAsLocal"}


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def dashboard(request):
    return json.loads(request.param.read_text())


def queried(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] not in ("row", "text")]


def test_committed_files_are_what_the_generator_writes():
    expected = generated_files(read_objectives())
    assert {path.name for path in FILES} == set(expected)
    for name, text in expected.items():
        assert (DASHBOARDS_FOLDER / name).read_text() == text, "python -m monitoring write-dashboards"


def test_there_is_one_for_each_reader():
    assert {path.stem for path in FILES} == {
        "symmetra-hospital-it",
        "symmetra-service",
        "symmetra-clinical-lead",
        "symmetra-load-test",
    }


def test_a_file_is_whole_and_asks_nothing_at_import(dashboard):
    assert "__inputs" not in dashboard
    assert dashboard["schemaVersion"] == SCHEMA_VERSION
    assert dashboard["uid"]
    assert dashboard["title"]
    assert len(json.dumps(dashboard)) < CONFIG_MAP_BYTES
    variables = {each["name"] for each in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(dashboard)))
    assert {name for name in used if name not in variables} == set()
    for panel in queried(dashboard):
        for asked in (panel, *panel["targets"]):
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_panels_have_numbers_titles_units_and_places_of_their_own(dashboard):
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    places = []
    for panel in dashboard["panels"]:
        assert panel["type"] in KINDS
        assert panel["title"].strip()
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= COLUMNS
        places.append(place)
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)
    for panel in queried(dashboard):
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert panel["targets"]
        assert [target["refId"] for target in panel["targets"]] == [
            chr(ord("A") + number) for number in range(len(panel["targets"]))
        ]


def test_links_lead_to_headings_of_the_runbook(dashboard):
    headings = {line.lstrip("# ").strip().lower() for line in RUNBOOK.read_text().splitlines() if line.startswith("#")}
    links = [link["url"] for panel in dashboard["panels"] for link in panel.get("links", [])]
    assert links
    assert {link.partition("#")[2] for link in links} <= headings


def test_every_dashboard_says_what_its_numbers_are_not(dashboard):
    texts = [panel["options"]["content"] for panel in dashboard["panels"] if panel["type"] == "text"]
    assert any(text.startswith(HONEST) for text in texts)
    for word in ("not a diagnosis", "not PHQ-9", "not a confidence", "demo model", "drawn faces", "photos"):
        assert word in " ".join(texts)


def test_the_clinical_lead_is_told_when_nothing_can_be_said():
    dashboard = json.loads((DASHBOARDS_FOLDER / "symmetra-clinical-lead.json").read_text())
    text = json.dumps(dashboard)
    for needed in ("insufficient data", "drift plan --per-day", "photos, not people"):
        assert needed in text
    for panel in queried(dashboard):
        for target in panel["targets"]:
            if "symmetra_estimated_accuracy" in target["expr"] and panel["title"] != "May the estimate be read?":
                assert 'valid="1"' in target["expr"], "an estimate that is not valid must not be shown"


def test_targets_come_from_the_objectives(tmp_path):
    content = json.loads(SLO_PATH.read_text())
    content["availability"]["objective"] = 0.987
    content["latency"]["objectives"]["usual"]["within_seconds"] = 2.5
    changed = tmp_path / "slo.yaml"
    changed.write_text(json.dumps(content))
    text = "".join(generated_files(read_objectives(changed)).values())
    assert "0.987" in text
    assert "98.7%" in text
    assert "within 2.5 s" in text
    assert str(read_objectives().availability.objective) not in text


def test_what_may_be_empty_says_why():
    quiet = [
        query
        for each in generated_dashboards(read_objectives())
        for panel in each.panels()
        for query in panel.queries
        if query.quiet
    ]
    assert quiet
    assert all(len(query.quiet.split()) > 2 for query in quiet)


def test_the_command_writes_the_files_and_says_what_is_wrong_in_a_sentence(tmp_path):
    out, err = io.StringIO(), io.StringIO()
    assert run(["--folder", str(tmp_path)], {}, out, err) == 0
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in FILES}
    (tmp_path / "slo.yaml").write_text("{}")
    assert run(["--objectives", str(tmp_path / "slo.yaml"), "--folder", str(tmp_path)], {}, out, err) == 1
    assert "symmetra.slo/1" in err.getvalue()
