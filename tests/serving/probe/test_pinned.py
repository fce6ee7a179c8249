"""What a probe holds to while its file server stumbles, and what it does not look at again and again."""

import errno
from pathlib import Path

import pytest

from serving.probe.pinned import DAMAGE_SECONDS, TROUBLE_SECONDS, NotPinned, PinWatch
from serving.repository import ModelRepository
from tests.support.clock import Clock
from tests.support.golden_server import MODEL, publish_golden_version

STALE = OSError(errno.ESTALE, "Stale file handle")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def repository(root):
    return ModelRepository(root, MODEL)


@pytest.fixture
def watch(repository, clock):
    return PinWatch(repository, clock)


@pytest.fixture
def fail():
    """Makes one way of looking at files whose name matches fail, until the block ends."""

    def start(patch, method, name):
        real = getattr(Path, method)

        def look(path, *arguments, **options):
            if path.name == name:
                raise STALE
            return real(path, *arguments, **options)

        patch.setattr(Path, method, look)

    return start


def test_a_pin_that_cannot_be_looked_at_counts_on_for_a_while(watch, clock, fail, monkeypatch):
    pinned = watch.current()
    with monkeypatch.context() as patch:
        fail(patch, "stat", "pin.json")
        assert watch.current() is pinned
        clock.seconds += TROUBLE_SECONDS
        assert watch.current() is pinned
        clock.seconds += 1
        with pytest.raises(NotPinned, match="cannot be read: Stale file handle"):
            watch.current()
    assert watch.current().identity == pinned.identity


def test_trouble_that_ends_is_forgotten(watch, clock, fail, monkeypatch):
    for _ in range(3):
        pinned = watch.current()
        with monkeypatch.context() as patch:
            fail(patch, "stat", "pin.json")
            assert watch.current() is pinned
            clock.seconds += TROUBLE_SECONDS - 1
            assert watch.current() is pinned


@pytest.mark.parametrize(
    "way",
    [
        ("read_text", "pin.json"),
        ("read_bytes", "manifest.json"),
        ("open", "saved_model.pb"),
        ("open", "golden.npz"),
        ("lstat", "saved_model.pb"),
    ],
)
def test_a_new_version_that_cannot_be_read_yet_leaves_the_last_one(watch, root, fail, monkeypatch, way):
    pinned = watch.current()
    publish_golden_version(root)
    with monkeypatch.context() as patch:
        fail(patch, *way)
        assert watch.current() is pinned
    assert watch.current().pin.version == 2


def test_trouble_at_the_first_look_leaves_nothing_to_hold_to(watch, fail, monkeypatch):
    fail(monkeypatch, "read_text", "pin.json")
    with pytest.raises(NotPinned, match="cannot be read"):
        watch.current()


def test_a_pin_that_is_gone_counts_at_once(watch, repository):
    watch.current()
    (repository.directory / "pin.json").unlink()
    with pytest.raises(NotPinned, match="No version of toy is pinned"):
        watch.current()


def test_damage_counts_at_once_and_is_not_looked_for_at_every_look(watch, repository, clock, monkeypatch):
    (repository.version_path(1) / "saved_model.pb").write_bytes(b"grapf")
    verify, looks = repository.verify, []
    monkeypatch.setattr(repository, "verify", lambda version: looks.append(version) or verify(version))
    for _ in range(5):
        with pytest.raises(NotPinned, match=r"changed saved_model\.pb"):
            watch.current()
        clock.seconds += 2
    assert looks == [1]
    clock.seconds += DAMAGE_SECONDS
    with pytest.raises(NotPinned):
        watch.current()
    assert looks == [1, 1]


def test_damage_that_is_mended_is_seen_at_the_next_look(watch, repository):
    file = repository.version_path(1) / "saved_model.pb"
    file.write_bytes(b"grapf")
    with pytest.raises(NotPinned):
        watch.current()
    file.write_bytes(b"graph")
    assert watch.current().pin.version == 1
