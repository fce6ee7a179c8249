"""The packs of load tests: drawn, of the promised sizes and formats, every photo with the fate that it is said to have."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from loadtests.photos import read_pack
from serving.contract.face import FaceDetector
from training.__main__ import main
from training.synthetic import load_photos
from training.synthetic.load_photos import (
    BAD,
    BAD_CODES,
    KINDS,
    _draw_answered,
    _kinds_of,
    make_load_photos,
    problem_of,
)


def test_a_pack_is_read_by_the_load_tests_and_its_photos_fare_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_photos, "BAD_EVERY", 4)
    golden = tmp_path / "7" / "assets.extra" / "golden.npz"
    golden.parent.mkdir(parents=True)
    np.savez(golden, crops=np.zeros((3, 128, 128, 3), np.uint8), severity_ppm=np.arange(3))
    assert main(["load-pack", str(tmp_path / "pack"), "--photos", "4", "--crops-of", str(tmp_path / "7")]) == 0
    pack = read_pack(tmp_path / "pack")
    assert [photo.problem is not None for photo in pack.photos] == [False] * 3 + [True]
    assert pack.bad_share == pytest.approx(0.25)
    assert pack.crops.shape == (3, 128, 128, 3)
    assert pack.crop_ppm["7"].tolist() == [0, 1, 2]
    assert all(50_000 <= len(content) <= 8_000_000 for content in pack.contents[:-1])
    detector = FaceDetector()
    assert [problem_of(content, detector) for content in pack.contents] == [photo.problem for photo in pack.photos]
    assert "assumption" in json.loads((tmp_path / "pack" / "pack.json").read_text())["note"]


def test_photos_are_chosen_by_their_weights_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    assert main(["load-pack", str(tmp_path), "--photos", "2"]) == 0
    pack = read_pack(tmp_path)
    assert np.array_equal(pack.choose(1000, 3), pack.choose(1000, 3))
    assert not np.array_equal(pack.choose(1000, 3), pack.choose(1000, 4))
    assert Counter(pack.choose(1000, 3).tolist())[0] == pytest.approx(500, abs=60)


def test_kinds_come_in_their_shares() -> None:
    counts = Counter(kind.name for kind in _kinds_of(1000, 1))
    assert counts == {kind.name: pytest.approx(10 * kind.percent, abs=1) for kind in KINDS}


def test_the_largest_photos_have_several_megabytes() -> None:
    largest = next(kind for kind in KINDS if kind.name == "phone_fine")
    assert 5_000_000 < len(_draw_answered(largest, np.random.default_rng(1), FaceDetector())) <= 8_000_000


def test_the_same_seed_draws_the_same_photos() -> None:
    assert next(make_load_photos(1, 5)) == next(make_load_photos(1, 5))


def test_one_photo_in_twenty_is_bad_in_one_of_several_ways() -> None:
    assert load_photos.BAD_EVERY == 20
    assert len(set(BAD_CODES)) >= 5
    assert BAD not in {kind.name for kind in KINDS}
