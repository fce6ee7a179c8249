"""Every panel's query, asked of a real Prometheus that scrapes the real system as `make monitor` starts it, and every name that is used.

Sixty times faster than at a site, and with rules that compare from 15 photos on and not from 500, so that the test ends. Grafana itself is
not here: what is shown is that each query is PromQL and finds something, not how a panel looks.
"""

import dataclasses
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.access.scopes import Scope
from monitoring.dashboards.writing import generated_dashboards
from monitoring.drift.distances import LEAST_PHOTOS
from monitoring.objectives import read_objectives
from monitoring.profile import PROFILE_PATH
from monitoring.rules.writing import DRIFT_RULES
from serving.contract.model import MODEL_NAME
from serving.contract.profile import Profile
from serving.local.watching import Pace
from serving.repository import ModelRepository
from tests.support.access import add_key
from tests.support.measured_profile import publish_profile
from tests.support.tiny_version import copy_tiny_repository
from tests.support.watched_stack import WatchedStack

pytestmark = [pytest.mark.needs_system("prometheus"), pytest.mark.needs_system("prometheus-alertmanager")]
MONITORING = Path(__file__).resolve().parents[3] / "monitoring"
FASTER = 60.0
PHOTOS, ENOUGH_PHOTOS = 60, 15
VARIABLES = {"$__rate_interval": "30s", "$__range": "1h"}
PANELS = [
    pytest.param(panel, query, id=f"{each.uid}: {panel.title}: {query.legend}")
    for each in generated_dashboards(read_objectives())
    for panel in each.panels()
    for query in panel.queries
]
NOT_HERE = {
    r"symmetra_probe_\w+": "the probe beside a model server runs in a cluster alone; tests/serving/probe reads its page",
    r"(kube|kubelet|container|node|DCGM|certmanager)_\w+": "of a cluster's exporters, which are not ours",
}
"""Names that rules may use and this system does not export, by pattern."""


def enlarge_reference(root):
    """Ten times the photos in the profile of the tiny version: its 48 are fewer than a reference needs."""
    repository = ModelRepository(root, MODEL_NAME)
    version = repository.directory / "1"
    profile = Profile.from_json((version / PROFILE_PATH).read_text())

    def ten_times(histogram):
        return dataclasses.replace(histogram, counts=tuple(10 * count for count in histogram.counts))

    larger = dataclasses.replace(
        profile,
        n_images=10 * profile.n_images,
        score=ten_times(profile.score),
        bands={band: 10 * count for band, count in profile.bands.items()},
        image_stats={name: ten_times(histogram) for name, histogram in profile.image_stats.items()},
        reliability=ten_times(profile.reliability),
    )
    publish_profile(root, larger)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    enlarge_reference(copy_tiny_repository(folder / "models"))
    with WatchedStack(folder, Pace(FASTER, per_day=1000)) as stack:
        prometheus = stack.prometheus
        rules = stack.stack.watching / "rules" / DRIFT_RULES
        text = rules.read_text()
        assert f">= {LEAST_PHOTOS}" in text
        rules.write_text(re.sub(rf"(>=|< bool) {LEAST_PHOTOS}\b", rf"\1 {ENOUGH_PHOTOS}", text))
        os.kill(stack.pid("prometheus"), signal.SIGHUP)
        stack.wait_until_watched()
        load_key = add_key(stack.stack.watching / "keys.json", Scope.SCREEN, name="load", traffic=("loadtest",))
        photos = stack.golden_photos

        def load(photo):
            return stack.screen(photo, second=True, key=load_key, traffic="loadtest")

        with ThreadPoolExecutor(3) as senders:
            patients = [senders.submit(stack.screen, photos[number % len(photos)]) for number in range(PHOTOS)]
            loaded = [senders.submit(load, photos[number % len(photos)]) for number in range(12)]
            statuses = [each.result() for each in (*patients, *loaded)]
        assert statuses.count(200) > 50, statuses
        for waited in (
            "symmetra_drift_log_evidence",
            "symmetra:drift_psi",
            "symmetra:share_high_band:day >= 0",
            "symmetra:screenings_counted:increase30d > 0",
            'symmetra_blackbox_in_a_row{result="right"} > 0',
            "symmetra_drift_last_update_seconds > 0",
        ):
            stack.wait_for(lambda waited=waited: prometheus.query(waited), lambda waited=waited: waited)
        # What is a rate over half a minute needs photos within it.
        stack.screen(photos[0])
        load(photos[0])
        for traffic in ("patient", "loadtest"):
            recent = f'rate(symmetra_stage_seconds_count{{stage="total",traffic="{traffic}"}}[30s]) > 0'
            stack.wait_for(lambda recent=recent: prometheus.query(recent), lambda recent=recent: recent)
        prometheus.moment = time.time()
        yield prometheus


def asked_for(query):
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    assert "$" not in query
    return query


@pytest.mark.parametrize(("panel", "query"), PANELS)
def test_a_panel_finds_something_or_says_why_not(asked, panel, query):
    found = asked.query(asked_for(query.expression))
    assert found or query.quiet, (panel.title, query.expression)


def names_in(text):
    text = re.sub(r'"[^"]*"', '""', text)
    found = r"symmetra[_:][\w:]+|:tensorflow:[\w:]+|(?:prometheus|process|scrape|kube|kubelet|container|node|DCGM|certmanager)_\w+"
    return set(re.findall(found, text))


def used_names():
    """Name -> where it is used: rules, dashboards, runbook."""
    used = {}
    for _, query in ((each.values[0], each.values[1]) for each in PANELS):
        used |= dict.fromkeys(names_in(query.expression), "a dashboard")
    for path in (MONITORING / "rules").glob("*.rules.yaml"):
        # Expressions alone: texts for people name commands and files too.
        expressions = re.findall(
            r"expr: \|-\n((?:[ ]+.*\n)+?)(?=\s*(?:- |for:|keep_firing_for:|labels:)|\Z)", path.read_text()
        )
        used |= dict.fromkeys(names_in("\n".join(expressions)), path.name)
    quoted = re.findall(r"`([^`]*)`", (MONITORING / "RUNBOOK.md").read_text())
    used |= dict.fromkeys(names_in("\n".join(re.findall(r"symmetra[_:][\w:]+", "\n".join(quoted)))), "RUNBOOK.md")
    return used


def test_every_name_in_a_rule_a_dashboard_or_the_runbook_exists_in_the_running_system(asked):
    exported = asked.exported()
    used = used_names()
    assert len(used) > 60
    missing = {
        name: where
        for name, where in used.items()
        if name not in exported
        and re.sub(r"_(bucket|count|sum)$", "", name) not in exported
        and not any(re.fullmatch(pattern, name) for pattern in NOT_HERE)
        # A rule that has had nothing to record is known by its file.
        and f"record: {name}\n" not in "".join(path.read_text() for path in (MONITORING / "rules").glob("*.rules.yaml"))
    }
    assert missing == {}


def test_every_exported_metric_is_used_or_documented(asked):
    documented = names_in((MONITORING / "METRICS.md").read_text()) | set(used_names())
    exported = {name for name in asked.exported() if name.startswith("symmetra_") and not name.endswith("_created")}
    assert len(exported) > 60
    # A counter's family is told without its `_total`.
    plain = {name: re.sub(r"_(bucket|count|sum)$", "", name) for name in exported}
    assert {name for name, base in plain.items() if not {name, base, f"{name}_total"} & documented} == set()
