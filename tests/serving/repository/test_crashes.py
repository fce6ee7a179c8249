"""A publisher may die at any moment, and several may publish at once."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from serving.repository import VersionState
from serving.repository.history import Action

DYING_PUBLISHER = Path(__file__).with_name("dying_publisher.py")
PUBLISH_FOR_EVER = """
import sys
sys.path[:0] = sys.argv[2:]
from conftest import write_version
from serving.repository import ModelRepository
repository = ModelRepository(sys.argv[1], "toy")
print("ready", flush=True)
for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 10**9):
    with repository.staging() as staging:
        write_version(staging.path, staging.version)
        repository.publish(staging)
    print(staging.version, flush=True)
"""


@pytest.fixture
def start_publisher(repository):
    started = []

    def start(*arguments):
        paths = [str(Path(__file__).parent), str(Path(__file__).parents[3])]
        command = [sys.executable, "-c", PUBLISH_FOR_EVER, str(repository.directory.parent), *paths, *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_death_at_every_step_leaves_whole_versions_only(repository, publish):
    root = str(repository.directory.parent)
    done = subprocess.run([sys.executable, DYING_PUBLISHER, root], check=True, capture_output=True, text=True)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) > 30, "the publisher should have many steps to die at"
    assert [report["died"] for report in reports] == [True] * (len(reports) - 1) + [False]
    known = {}
    for report in reports:
        # Every visible version verified (the script would have failed otherwise) and never changed.
        for version, digest in zip(report["versions"], report["digests"], strict=True):
            assert known.setdefault(version, digest) == digest
        assert report["being_written"] == [], "a dead publisher must not look alive"
        assert report["pinned"] in {None, *report["approved"]}, "nothing goes live without an approval"
    assert len(known) > 3, "some deaths come after the rename"
    numbers = [record.number for record in repository.history() if record.action is Action.PUBLISH]
    assert sorted(numbers) == sorted(known), "every version is recorded once, also where its publisher died first"
    decided = [record.number for record in repository.history() if record.action is Action.APPROVE]
    assert len(set(reports[-1]["approved"])) > 2, "some deaths come after the approval became visible"
    assert sorted(decided) == reports[-1]["approved"], "every approval is recorded once, whenever its writer died"
    assert repository.remove_abandoned()
    assert all(entry.state in {VersionState.PUBLISHED, VersionState.PINNED} for entry in repository.list())
    assert publish(repository)[0] > max(known)
    assert not list(repository.directory.glob("tmp-[0-9]*"))


def test_kill_at_random_moments_never_shows_half_a_version(repository, start_publisher, publish):
    for _ in range(4):
        process = start_publisher()
        for _ in range(random.randrange(4)):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        for version in repository.versions():
            repository.verify(version)
    repository.remove_abandoned()
    publish(repository)
    numbers = [record.number for record in repository.history()]
    assert sorted(numbers) == list(repository.versions())
    assert not list(repository.directory.glob("tmp-[0-9]*"))


def test_publishers_at_once_get_different_numbers(repository, start_publisher):
    processes = [start_publisher("5") for _ in range(3)]
    printed = [int(line) for process in processes for line in process.stdout]
    assert all(process.wait() == 0 for process in processes)
    assert len(printed) == len(set(printed)) == 15
    assert sorted(printed) == list(repository.versions())
    assert sorted(record.number for record in repository.history()) == sorted(printed)
    for version in repository.versions():
        repository.verify(version)


def test_the_living_are_left_alone_when_the_dead_are_cleaned_away(repository, write_files):
    with repository.staging() as staging:
        (repository.directory / "tmp-2").mkdir()
        assert repository.remove_abandoned() == (2,)
        write_files(staging.path, staging.version)
        repository.publish(staging)
    assert repository.versions() == (1,)
