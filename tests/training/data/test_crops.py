import csv
import os

import numpy as np
import pytest

from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from training.data import shards
from training.data.crops import describe_store, make_crops
from training.data.manifest import Photo, read_manifest
from training.data.shards import CropStore, refusal_counts
from training.errors import CropsIncomplete, DataError
from training.export.drawn import draw_photo


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three drawn faces and a file that is no photo."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(3):
        (folder / f"face-{number}.jpg").write_bytes(draw_photo(number, 192))
    (folder / "notes.jpg").write_text("not a photo")
    with (folder / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "subject_id", "label"])
        rows.writerows([[path.name, path.stem, 0] for path in sorted(folder.glob("*.jpg"))])
    return folder


@pytest.fixture(scope="module")
def store(data, tmp_path_factory):
    return make_crops(data, read_manifest(data), tmp_path_factory.mktemp("crops"), processes=1, quiet=True)


def test_crops_read_back_are_the_bytes_that_the_contract_makes(data, store):
    detector = FaceDetector()
    for number in range(3):
        path = f"face-{number}.jpg"
        expected = make_crop((data / path).read_bytes(), CropSpec(), detector).crop
        assert store.read([path])[0].tobytes() == expected.tobytes()


def test_refused_photo_is_listed_with_its_code_and_has_no_crop(store):
    assert store.refused == {"notes.jpg": "photo_unsupported"}
    assert "notes.jpg" not in store
    assert describe_store(store) == "crops: 3 made, 1 refused (photo_unsupported 1)"
    with pytest.raises(CropsIncomplete, match=r"notes\.jpg"):
        store.read(["notes.jpg"])


def test_second_run_makes_nothing_and_a_changed_photo_is_made_again(data, tmp_path):
    photos = read_manifest(data)
    make_crops(data, photos, tmp_path, processes=1, quiet=True)
    description = tmp_path / "shard-00000.json"
    made = description.stat().st_mtime_ns
    make_crops(data, photos, tmp_path, processes=1, quiet=True)
    assert description.stat().st_mtime_ns == made
    os.utime(data / "face-1.jpg", ns=(1, 1))
    make_crops(data, photos, tmp_path, processes=1, quiet=True)
    assert description.stat().st_mtime_ns > made


def test_other_crop_specification_makes_other_crops(data, tmp_path):
    photos = read_manifest(data)
    make_crops(data, photos, tmp_path, processes=1, quiet=True)
    small = make_crops(data, photos, tmp_path, CropSpec(size=64), processes=1, quiet=True)
    assert small.crop_size == 64


def test_missing_photo_file_is_named(data, tmp_path):
    with pytest.raises(DataError, match=r"absent\.jpg"):
        make_crops(data, [Photo("absent.jpg", "x", 0)], tmp_path, quiet=True)


def test_store_without_a_shard_says_which(tmp_path, easy_store):
    with pytest.raises(CropsIncomplete, match="shard 0 of 1"):
        CropStore(tmp_path, 1)
    assert len(easy_store) == 96


def test_kill_between_array_and_description_leaves_the_shard_undone(tmp_path, monkeypatch):
    shard = shards.Shard("key", ("a.jpg",), {})
    crops = np.zeros((1, 4, 4, 3), np.uint8)
    shards.write_shard(tmp_path, 0, shard, crops)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shards, "_save_array", killed)
        with pytest.raises(KeyboardInterrupt):
            shards.write_shard(tmp_path, 0, shard, crops)
    assert shards.read_shard(tmp_path, 0) is None


def test_crops_stay_on_disk_until_they_are_read(easy_store):
    assert all(isinstance(array, np.memmap) for array in easy_store._arrays)


def test_refusals_are_counted_most_frequent_first():
    assert list(refusal_counts({"a": "no_face", "b": "too_dark", "c": "too_dark"}).items()) == [
        ("too_dark", 2),
        ("no_face", 1),
    ]


def test_photo_that_cannot_be_read_is_a_data_error_that_names_it(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(DataError, match=r"folder\.jpg cannot be read: .*irectory.* Correct the manifest"):
        make_crops(tmp_path, [Photo("folder.jpg", "s1", 0)], tmp_path / "crops", processes=1, quiet=True)
