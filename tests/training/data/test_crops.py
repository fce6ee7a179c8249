import csv
import json
import os

import numpy as np
import psutil
import pytest

from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from training.data import shards
from training.data.crops import describe_store, make_crops
from training.data.dataset import DataOptions
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


def test_memory_does_not_grow_with_the_crops_that_were_read(tmp_path):
    crops = np.random.default_rng(0).integers(0, 256, (400, 128, 128, 3), dtype=np.uint8)
    paths = tuple(f"{number}.jpg" for number in range(400))
    for number in range(4):
        shard = shards.Shard("key", paths[100 * number : 100 * number + 100], {})
        shards.write_shard(tmp_path, number, shard, crops[100 * number : 100 * number + 100])
    store = CropStore(tmp_path, 4)
    process = psutil.Process()
    store.read(paths[:8])
    before = process.memory_info().rss
    mixed = [paths[place] for place in np.random.default_rng(1).permutation(400)]
    for batch, start in zip(store.batches(mixed, 16), range(0, 400, 16), strict=True):
        assert batch.tobytes() == crops[[paths.index(path) for path in mixed[start : start + 16]]].tobytes()
    # 400 crops have 20 MB; a memory map would have grown by all of it.
    assert process.memory_info().rss - before < 8e6


def test_quality_of_every_crop_is_kept_as_the_contract_measured_it(data, store):
    paths = ["face-2.jpg", "face-0.jpg"]
    measures = store.quality(paths)
    for place, path in enumerate(paths):
        expected = make_crop((data / path).read_bytes(), CropSpec(), FaceDetector()).quality.as_dict()
        assert {name: values[place] for name, values in measures.items()} == expected


def test_store_without_quality_says_so(easy_store, easy_photos):
    with pytest.raises(CropsIncomplete, match="no quality measures"):
        easy_store.quality([easy_photos[0].path])


def test_shard_that_lost_its_end_is_refused(data, tmp_path):
    make_crops(data, read_manifest(data), tmp_path, processes=1, quiet=True)
    os.truncate(tmp_path / "shard-00000.npy", 128 * 128 * 3)
    with pytest.raises(CropsIncomplete, match="lost its end"):
        CropStore(tmp_path, 1).read(["face-0.jpg"])


def test_store_refuses_shards_that_were_written_again_since_it_was_opened(tmp_path):
    crops = np.zeros((2, 4, 4, 3), np.uint8)
    shards.write_shard(tmp_path, 0, shards.Shard("of two", ("a.jpg", "b.jpg"), {}, {"blur": (1.0, 2.0)}), crops)
    store = CropStore(tmp_path, 1)
    assert store.read(["a.jpg"]).shape == (1, 4, 4, 3)
    shards.write_shard(tmp_path, 0, shards.Shard("of others", ("b.jpg", "c.jpg"), {}, {"blur": (2.0, 3.0)}), crops)
    for read in (store.read, store.greys, store.quality):
        with pytest.raises(CropsIncomplete, match=r"shard 0 of .* was written again since this command began"):
            read(["a.jpg"])
    assert CropStore(tmp_path, 1).read(["c.jpg"]).shape == (1, 4, 4, 3)


def end_of_the_process(*_, **__):
    os._exit(9)


def test_process_that_is_ended_from_outside_is_a_sentence(data, tmp_path, monkeypatch):
    monkeypatch.setattr("training.data.crops._make_shard", end_of_the_process)
    with pytest.raises(DataError, match=r"ended from outside.* fewer --processes"):
        make_crops(data, read_manifest(data), tmp_path, processes=1, quiet=True)


def test_shard_of_an_earlier_release_is_made_again(data, tmp_path):
    photos = read_manifest(data)
    make_crops(data, photos, tmp_path, processes=1, quiet=True)
    description = tmp_path / "shard-00000.json"
    content = json.loads(description.read_text())
    description.write_text(json.dumps(content | {"schema": "symmetra.crops/1"}))
    assert len(make_crops(data, photos, tmp_path, processes=1, quiet=True)) == 3
    assert json.loads(description.read_text()) == content


def test_whole_photo_can_be_the_crop(data, tmp_path):
    options = DataOptions(crop="whole")
    store = make_crops(data, read_manifest(data), tmp_path, options.crop_spec, processes=1, quiet=True)
    expected = make_crop((data / "face-0.jpg").read_bytes(), CropSpec(kind="whole"), FaceDetector()).crop
    assert store.read(["face-0.jpg"])[0].tobytes() == expected.tobytes()
    assert options.crops_folder(data) != DataOptions().crops_folder(data)


def test_refusals_are_counted_most_frequent_first():
    assert list(refusal_counts({"a": "no_face", "b": "too_dark", "c": "too_dark"}).items()) == [
        ("too_dark", 2),
        ("no_face", 1),
    ]


def test_photo_that_cannot_be_read_is_a_data_error_that_names_it(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(DataError, match=r"folder\.jpg: it is not a file.* Correct the manifest"):
        make_crops(tmp_path, [Photo("folder.jpg", "s1", 0)], tmp_path / "crops", processes=1, quiet=True)
