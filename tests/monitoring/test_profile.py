import json
from dataclasses import asdict

import pytest

from monitoring.profile import PROFILE_PATH, ProfileState, read_profile
from serving.contract.profile import Histogram
from serving.repository import ModelRepository
from serving.repository.manifest import write_manifest
from tests.support.gateway import VERSION
from tests.support.profiles import make_profile, publish, publish_with_profile


@pytest.fixture
def repository(tmp_path):
    return ModelRepository(tmp_path)


def state_of(repository, digest):
    reading = read_profile(repository, VERSION, digest)
    assert (reading.profile is None) == (reading.state is not ProfileState.LOADED)
    assert bool(reading.says) == (reading.state is not ProfileState.LOADED)
    return reading.state


def test_the_profile_that_was_published_is_read(repository):
    digest = publish_with_profile(repository)
    assert read_profile(repository, VERSION, digest).profile == make_profile()


def test_a_version_without_one_is_no_mistake(repository):
    assert state_of(repository, publish(repository)) is ProfileState.MISSING


def test_a_version_that_is_not_here_says_nothing(repository):
    assert state_of(repository, "ab" * 32) is ProfileState.UNREADABLE


def test_a_version_whose_manifest_is_gone_says_nothing(repository):
    digest = publish_with_profile(repository)
    (repository.version_path(VERSION) / "manifest.json").unlink()
    assert state_of(repository, digest) is ProfileState.UNREADABLE


def test_a_profile_that_was_changed_after_publishing_is_refused(repository):
    digest = publish_with_profile(repository)
    path = repository.version_path(VERSION) / PROFILE_PATH
    path.write_text(path.read_text().replace('"brier": 0.2', '"brier": 0.3'))
    assert state_of(repository, digest) is ProfileState.REFUSED


def test_a_profile_that_was_changed_together_with_the_manifest_is_refused(repository):
    digest = publish_with_profile(repository)
    (repository.version_path(VERSION) / PROFILE_PATH).write_text(make_profile(brier=0.3).to_json())
    assert write_manifest(repository.version_path(VERSION)) != digest
    assert state_of(repository, digest) is ProfileState.REFUSED


@pytest.mark.parametrize(
    "content",
    [
        "not JSON",
        make_profile(VERSION + 1).to_json(),
        make_profile(score=Histogram((300_000.0, 600_000.0), (450, 280, 270))).to_json(),
        make_profile(image_stats={"luminance": Histogram(tuple(map(float, range(10))), (100,) * 9 + (50, 50))}).to_json(),
        make_profile(image_stats={"luminance": Histogram((), (1000,))}).to_json(),
        make_profile(image_stats={"asymmetry": Histogram((0.5,), (500, 500))}).to_json(),
        json.dumps(asdict(make_profile()) | {"bands": {"none": 1}}),
    ],
    ids=["no JSON", "other version", "other severity bins", "eleven bins", "one bin", "unknown measure", "sums differ"],
)  # fmt: skip
def test_a_profile_that_does_not_fit_is_refused(repository, content):
    assert state_of(repository, publish(repository, profile=content)) is ProfileState.REFUSED
