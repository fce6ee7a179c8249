"""People are counted once a day, in bounded memory that forgets them."""

import math
import threading

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitoring.metrics import Metrics
from monitoring.photo_metrics import PhotoMetrics
from monitoring.profile import ProfileReading, ProfileState
from monitoring.subject_memory import MOST_SUBJECTS, Counted, SubjectMemory
from monitoring.subject_metrics import LEFT_OUT_REASONS
from tests.support.profiles import make_profile

VERSION = "3"
MEASURES = {"luminance": 115.0, "contrast": 31.0, "sharpness": 0.41, "face_fraction": 0.3}


class Calendar:
    """The day, as the test wants it."""

    def __init__(self):
        self.day = 20_000

    def __call__(self):
        return self.day


class Site:
    """Photo metrics of one gateway process with a calendar."""

    def __init__(self, most=100):
        self.registry, self.calendar, self.poisoned = CollectorRegistry(), Calendar(), 0
        self.memory = SubjectMemory(most=most, today=self.calendar)
        self.metrics = PhotoMetrics(self.registry, self.note_poison, self.memory)
        self.start(VERSION)

    def note_poison(self):
        self.poisoned += 1

    def start(self, version):
        self.metrics.start_version(version)
        self.metrics.set_reference(version, ProfileReading(ProfileState.LOADED, profile=make_profile(int(version))))

    def photo(self, subject=None, *, ppm=450_000, version=VERSION, traffic="patient", measures=MEASURES):
        self.metrics.count(version, ppm, measures, subject, traffic)

    def value(self, name, **labels):
        return self.registry.get_sample_value(f"symmetra_{name}", {"model_version": VERSION} | labels)

    def counted(self, version=VERSION):
        """Photos in the subjects' counts, by severity; held against those by measure."""
        totals = {"symmetra_subject_severity_total": 0.0, "symmetra_subject_image_quality_total": 0.0}
        for metric in self.registry.collect():
            for sample in metric.samples:
                if sample.name in totals and sample.labels["model_version"] == version:
                    totals[sample.name] += sample.value
        photos, measures = totals.values()
        assert measures == 4 * photos
        return photos

    def left_out(self):
        return [self.value("subject_photos_left_out_total", reason=reason) for reason in LEFT_OUT_REASONS]


@pytest.fixture
def site():
    return Site()


def test_a_persons_first_photo_of_a_day_counts_and_further_ones_are_counted_apart(site):
    site.photo("ada", ppm=450_000)
    site.photo("ada", ppm=990_000)
    site.photo("bob", ppm=990_000)
    site.photo("ada", ppm=450_000)
    assert site.counted() == 2
    assert [site.value("subject_severity_total", bin=name) for name in ("0.5", "1.0")] == [1, 1]
    assert site.left_out() == [2, 0]
    assert site.value("photos_without_subject_total") == 0


def test_photos_without_a_subject_count_each_and_are_counted_apart(site):
    for _ in range(3):
        site.photo()
    site.photo("ada")
    assert site.counted() == 4
    assert site.value("photos_without_subject_total") == 3
    assert site.left_out() == [0, 0]


@pytest.mark.parametrize("traffic", ["sentinel", "loadtest"])
def test_only_patients_count_and_nobody_else_is_remembered(site, traffic):
    site.photo("ada", traffic=traffic)
    site.photo(traffic=traffic)
    assert (site.counted(), site.memory.remembered) == (0, 0)
    assert site.value("photos_without_subject_total") == 0
    site.photo("ada")
    assert site.counted() == 1


def test_another_day_counts_everybody_again(site):
    site.photo("ada")
    site.calendar.day += 1
    site.photo("ada")
    assert site.counted() == 2
    assert site.left_out() == [0, 0]


def test_a_day_that_nobody_comes_after_is_forgotten_by_the_next_scrape(site):
    site.photo("ada")
    assert len(site.memory._seen) == 1
    key = site.memory._key
    site.calendar.day += 1
    assert "symmetra_subjects_remembered 0.0" in generate_latest(site.registry).decode()
    assert not site.memory._seen
    assert site.memory._key != key


def test_another_version_counts_everybody_again(site):
    site.start("4")
    site.photo("ada")
    site.photo("ada", version="4")
    site.photo("ada", version="4")
    assert (site.counted(), site.counted("4")) == (1, 1)


def test_when_memory_is_full_the_known_are_still_told_apart_and_new_people_are_left_out():
    site = Site(most=2)
    for name in ("ada", "bob", "eve", "ada", "eve", "mallory"):
        site.photo(name)
    site.photo()
    assert site.counted() == 3
    assert site.left_out() == [1, 3]
    assert site.memory.remembered == 2
    site.calendar.day += 1
    site.photo("eve")
    assert site.counted() == 4


def test_what_is_remembered_is_bounded_and_is_no_digest_of_a_record():
    memory = SubjectMemory(most=1000, today=Calendar())
    digests = [f"{number:064x}" for number in range(2000)]
    seen = [memory.see(VERSION, digest) for digest in digests]
    assert seen == [Counted.FIRST] * 1000 + [Counted.FULL] * 1000
    assert memory.remembered == 1000
    assert not {int(digest[:16], 16) for digest in digests} & memory._seen
    assert max(memory._seen) < 2**64
    other = SubjectMemory(most=1000, today=Calendar())
    assert other.see(VERSION, digests[0]) is Counted.FIRST
    assert not other._seen & memory._seen
    assert MOST_SUBJECTS == 65_536


def test_two_threads_never_both_count_the_same_person():
    memory = SubjectMemory(today=Calendar())
    firsts, barrier = [], threading.Barrier(4)

    def see():
        barrier.wait()
        firsts.extend(number for number in range(2000) if memory.see(VERSION, str(number)) is Counted.FIRST)

    threads = [threading.Thread(target=see) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(firsts) == list(range(2000))


def test_a_poisoned_measure_leaves_the_persons_other_measures_and_severity(site):
    site.photo("ada", measures=MEASURES | {"luminance": math.nan})
    assert site.poisoned == 1
    assert site.value("subject_severity_total", bin="0.5") == 1
    assert site.value("subject_image_quality_total", statistic="luminance", bin="5") == 0
    assert site.value("subject_image_quality_total", statistic="contrast", bin="5") == 1


def test_the_gateways_own_metrics_remember_people_too():
    registry = CollectorRegistry()
    metrics = Metrics(registry, routes=("/",), outcomes=("answered",))
    for _ in range(2):
        metrics.count_photo(3, 450_000, MEASURES, subject_digest="ada", traffic="patient")
    labels = {"model_version": "3", "bin": "0.5"}
    assert registry.get_sample_value("symmetra_subject_severity_total", labels) == 1
    assert registry.get_sample_value("symmetra_subjects_remembered") == 1
