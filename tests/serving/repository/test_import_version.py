"""Versions that were made elsewhere."""

import shutil

import pytest

from serving.repository import ModelRepository, VersionDamaged, VersionIncomplete, VersionTaken
from serving.repository.import_version import publish_directory


@pytest.fixture
def directory(tmp_path, write_files):
    """Version 3 of `toy`, not published yet."""
    path = tmp_path / "made elsewhere"
    path.mkdir()
    write_files(path, 3)
    return path


def test_a_directory_becomes_the_version_that_its_contract_names(repository, directory):
    version, digest = publish_directory(repository, directory)
    assert (version, repository.verify(3), repository.versions()) == (3, digest, (3,))
    assert (directory / "saved_model.pb").exists(), "it is copied, not moved"
    with pytest.raises(VersionTaken, match="the next is 4"):
        publish_directory(repository, directory)


def test_a_published_version_keeps_its_digest_in_another_repository(repository, tmp_path, publish):
    _, digest = publish(repository)
    other = ModelRepository(tmp_path / "other", "toy")
    assert publish_directory(other, repository.version_path(1)) == (1, digest)


@pytest.mark.parametrize("spoil", ["changed", "extra"])
def test_a_byte_that_is_not_in_its_manifest_refuses_and_nothing_is_left(repository, tmp_path, publish, spoil):
    publish(repository)
    source = tmp_path / "source"
    shutil.copytree(repository.version_path(1), source)
    (source / ("saved_model.pb" if spoil == "changed" else "more")).write_bytes(b"tampered")
    other = ModelRepository(tmp_path / "other", "toy")
    with pytest.raises(VersionDamaged):
        publish_directory(other, source)
    assert other.versions() == ()
    assert not list(other.directory.glob("tmp-*"))


def test_a_directory_without_a_readable_contract_is_refused(repository, directory):
    (directory / "assets.extra" / "contract.json").write_text("{")
    with pytest.raises(VersionIncomplete, match=r"assets\.extra/contract\.json cannot be read"):
        publish_directory(repository, directory)


def test_a_link_out_of_the_directory_is_refused(repository, directory):
    (directory / "weights").symlink_to("/etc/hostname")
    with pytest.raises(VersionIncomplete, match="weights is not a plain file"):
        publish_directory(repository, directory)


def test_a_disk_that_fills_up_leaves_nothing_behind(repository, directory, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(VersionIncomplete, match="No space left on device"):
        publish_directory(repository, directory)
    assert not list(repository.directory.glob("tmp-*"))
    monkeypatch.undo()
    assert publish_directory(repository, directory)[0] == 3, "the number is not lost"
