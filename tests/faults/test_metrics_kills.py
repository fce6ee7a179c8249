"""The gateway killed with SIGKILL while it answers, under a Prometheus that scrapes it: what counters say stays true.

A counter in memory dies with its process, and begins again with zero: what was counted after the last scrape is lost, and nothing
else. Held here: within the life of a process no counter ever falls; over all lives the increase, a fall being a new life's start, is
what the callers saw; and no series outlives the process that it was of.

The long campaign kills SYMMETRA_KILLS times (100) and writes monitoring/results/metric_kills.json; a short one kills three times.
"""

import http.client
import json
import os
import platform
import random
import signal
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import pytest

from monitoring.metrics import SERIES_BUDGET
from serving.repository import ModelRepository
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION
from tests.support.gateway_process import PROJECT, GatewayProcess, wait_until
from tests.support.profiles import publish_with_profile
from tests.support.prometheus_process import PrometheusProcess
from tests.support.scraping import STARTED, Increase, Scraper, is_counter
from tests.support.stub_model_server import StubModelServer

RESULTS = PROJECT / "monitoring" / "results" / "metric_kills.json"
KILLS = int(os.environ.get("SYMMETRA_KILLS", "100"))
CALLERS = 3
MOST_ANSWERS = 20
ANSWERED = 'symmetra_screenings_total{outcome="answered",traffic="patient"}'
PROMETHEUS_OWN = 5
"""`up` and four series about the scrape."""


@dataclass
class Campaign:
    """What happened."""

    kills: int = 0
    answers: int = 0
    """That arrived whole at a caller."""
    counted_by_scrapes: int = 0
    """The increase over all lives."""
    lost_between_last_scrape_and_kill: int = 0
    scrapes: int = 0
    series: int = 0
    counters_that_fell_within_a_life: int = 0
    series_that_outlived_their_process: int = 0
    prometheus_resets: int = 0
    prometheus_increase: float = 0.0
    """Extrapolated to the ends of its window, as always."""
    increase_of_what_prometheus_kept: int = 0
    at_prometheus_first_scrape: int = 0
    """Computed here from its samples."""
    prometheus_series: int = 0
    scrape_seconds_median: float = 0.0
    """As the reader of the page sees it, under load."""
    scrape_seconds_p95: float = 0.0
    scrape_seconds_idle_median: float = 0.0
    """The same of a gateway that nobody asks anything."""


class Load:
    """Callers of one gateway: when each answer was asked for, and when it had arrived."""

    def __init__(self, gateway, photo):
        self.gateway, self.photo = gateway, photo
        self.began, self.ended = [], []
        self.over = threading.Event()

    def run(self, number):
        while not self.over.is_set():
            self.began.append(time.monotonic())
            try:
                status, _, _ = self.gateway.request(
                    "POST", "/v1/screenings", self.photo, {"Content-Type": "image/jpeg", "X-Subject": f"s-{number}"}
                )
            except (OSError, ValueError, http.client.HTTPException):
                return
            assert status in (200, 503)  # a busy machine may have no room
            if status == 200:
                self.ended.append(time.monotonic())


def kill(gateway):
    """The whole process group at once, as the kernel does when memory runs out."""
    os.killpg(gateway._process.pid, signal.SIGKILL)
    gateway._process.wait()


def live_and_die(gateway, photo, scraper, prometheus, *, answers, seconds, dies):
    """One life under load: what its callers saw."""
    seen = len(scraper.scrapes)
    gateway.__enter__()
    load = Load(gateway, photo)
    with ThreadPoolExecutor(CALLERS) as threads:
        asking = [threads.submit(load.run, number) for number in range(CALLERS)]
        try:
            wait_until(lambda: len(load.ended) >= answers, 120)
            # A life that nobody scraped shows nothing.
            wait_until(lambda: any(scrape.samples.get(ANSWERED) for scrape in scraper.scrapes[seen:]), 120)
            this_life = f"{STARTED} == {scraper.scrapes[-1].life!r}"
            wait_until(lambda: prometheus.query(f"({ANSWERED} > 0) and on (instance) ({this_life})"), 120)
            threading.Event().wait(seconds)  # the moment of the kill is what is varied here
        finally:
            if dies:
                kill(gateway)
            load.over.set()
        for future in asking:
            future.result(60)
    if not dies:
        gateway.stop()
    return load


def check_life(scrapes, load, campaign):
    """No counter fell, and none says more than was asked for or less than had been answered; returns what the last scrape missed."""
    before = {}
    for scrape in scrapes:
        counters = {series: value for series, value in scrape.samples.items() if is_counter(series)}
        campaign.counters_that_fell_within_a_life += sum(
            value < before.get(series, 0.0) for series, value in counters.items()
        )
        before = counters
        answered_before = sum(at < scrape.began for at in load.ended)
        asked_before = sum(at < scrape.ended for at in load.began)
        assert answered_before <= scrape.samples.get(ANSWERED, 0.0) <= asked_before
    return len(load.ended) - before.get(ANSWERED, 0.0)


def run_campaign(folder, kills):
    publish_with_profile(make_empty_repository(folder))
    moments, campaign, lives = random.Random("kill -9 and count"), Campaign(kills=kills), []
    with StubModelServer(VERSION) as stub:
        gateway = GatewayProcess(folder, stub.address)
        try:
            with (
                PrometheusProcess(folder / "prometheus", gateway.metrics_port) as prometheus,
                Scraper(gateway.metrics) as scraper,
            ):
                for life in range(kills + 1):
                    # The last life ends in peace, after Prometheus has seen it.
                    answers, seconds = moments.randrange(1, MOST_ANSWERS + 1), moments.uniform(0.0, 0.3)
                    dies = life < kills
                    lives.append(
                        live_and_die(
                            gateway, drawn_face(), scraper, prometheus, answers=answers, seconds=seconds, dies=dies
                        )
                    )
                read_prometheus(prometheus, campaign)
            campaign.scrape_seconds_idle_median = read_idle(gateway)
        finally:
            gateway.__exit__()
    check_all(scraper.scrapes, lives, campaign)
    return campaign


def make_empty_repository(folder):
    repository = ModelRepository(folder)
    repository.directory.mkdir(parents=True)
    return repository


def check_all(scrapes, lives, campaign):
    increase, names, missed = Increase(), [], 0
    by_life = {}
    for scrape in scrapes:
        increase.add(scrape.samples)
        by_life.setdefault(scrape.life, []).append(scrape)
    assert len(by_life) == len(lives)
    for found, load in zip(by_life.values(), lives, strict=True):
        missed += check_life(found, load, campaign)
        names.append(found[-1].samples.keys())
    campaign.series_that_outlived_their_process = sum(len(each ^ names[0]) for each in names)
    campaign.answers = sum(len(load.ended) for load in lives)
    campaign.counted_by_scrapes = int(increase.total[ANSWERED])
    campaign.lost_between_last_scrape_and_kill = int(missed)
    campaign.scrapes, campaign.series = len(scrapes), len(names[0])
    seconds = sorted(scrape.ended - scrape.began for scrape in scrapes)
    campaign.scrape_seconds_median = round(statistics.median(seconds), 4)
    campaign.scrape_seconds_p95 = round(seconds[int(0.95 * len(seconds))], 4)
    assert campaign.counted_by_scrapes + missed == campaign.answers
    assert campaign.counters_that_fell_within_a_life == 0
    assert campaign.series_that_outlived_their_process == 0
    assert campaign.series <= SERIES_BUDGET


def read_prometheus(prometheus, campaign):
    """What a real Prometheus makes of it, before its last sample is stale."""
    campaign.prometheus_resets = int(prometheus.value(f"resets({ANSWERED}[1h])"))
    campaign.prometheus_increase = round(prometheus.value(f"increase({ANSWERED}[1h])"), 1)
    campaign.prometheus_series = len(prometheus.series('{job="gateway"}'))
    (raw,) = prometheus.query(f"{ANSWERED}[1h]")
    increase = Increase()
    for _, value in raw["values"]:
        increase.add({ANSWERED: float(value)})
    campaign.increase_of_what_prometheus_kept = int(increase.total[ANSWERED])
    campaign.at_prometheus_first_scrape = int(float(raw["values"][0][1]))
    assert increase.resets[ANSWERED] == campaign.prometheus_resets


def read_idle(gateway):
    """How long a page takes of a gateway that nobody asks anything."""
    gateway.__enter__()
    seconds = []
    for _ in range(21):
        began = time.monotonic()
        gateway.metrics()
        seconds.append(time.monotonic() - began)
    gateway.stop()
    return round(statistics.median(seconds), 4)


def check_prometheus(campaign):
    """It saw the same series, at most the resets that there were, and no more than was answered, within what it extrapolates."""
    assert 0 < campaign.prometheus_resets <= campaign.kills
    assert 0 < campaign.increase_of_what_prometheus_kept <= campaign.answers
    # What stood on the counter at its first scrape is an increase to it only as far as it extrapolates back.
    most, first = campaign.increase_of_what_prometheus_kept, campaign.at_prometheus_first_scrape
    assert 0.8 * (most - first) <= campaign.prometheus_increase <= 1.2 * most
    assert campaign.prometheus_series == campaign.series + PROMETHEUS_OWN


@pytest.mark.needs_system("prometheus")
def test_counters_stay_true_and_no_series_is_left_behind_whenever_the_gateway_is_killed(tmp_path):
    campaign = run_campaign(tmp_path, 3)
    check_prometheus(campaign)
    assert campaign.answers > 0


@pytest.mark.long
@pytest.mark.needs_system("prometheus")
def test_the_same_many_times(tmp_path):
    campaign = run_campaign(tmp_path, KILLS)
    check_prometheus(campaign)
    assert campaign.scrape_seconds_idle_median < 0.05
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "callers": CALLERS}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps({"schema": "symmetra.metric_kills/1", **machine, **asdict(campaign)}, indent=1) + "\n"
    )
