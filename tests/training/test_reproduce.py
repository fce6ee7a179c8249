"""The paper's protocol as a command, on few drawn faces and with networks that can only tell bright from dark."""

import json

import keras
import pytest

from tests.support.keras_warnings import KERAS_COPIES
from training.architectures import ARCHITECTURES
from training.commands.reproduce import Protocol, reproduce

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]

SMALL = Protocol(photos=81, test_not_depressed=9, test_depressed=10, epochs=1)


def build_brightness(size, norm):
    crop = keras.Input((size, size, 3), dtype="uint8")
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(crop))
    return keras.Model(crop, keras.layers.Dense(1, activation="sigmoid", dtype="float32")(norm(momentum=0.5)(x)))


@pytest.fixture(scope="module", autouse=True)
def small_networks():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("paper", "twin"):
            patch.setitem(ARCHITECTURES, name, build_brightness)
        yield


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reproduction")
    reproduce(folder, [1], SMALL)
    return folder


def test_table_stands_beside_the_papers_numbers_and_says_synthetic(out):
    table = (out / "reproduction.md").read_text()
    assert "paper (its own photos)" in table
    assert "twin, synthetic" in table
    assert "| accuracy | 0.8659 |" in table
    assert "not of people" in table
    assert (out / "reproduction.png").stat().st_size > 10_000


def test_test_split_has_the_protocols_counts(out):
    run = json.loads((out / "reproduction.json").read_text())["seeds"]["1"]["twin"]
    assert run["tp"] + run["fn"] == SMALL.test_depressed
    assert run["fp"] + run["tn"] == SMALL.test_not_depressed


def test_further_seed_is_added_and_finished_runs_are_kept(out):
    before = (out / "seed-1" / "twin" / "model.keras").stat().st_mtime_ns
    content = reproduce(out, [2], SMALL)
    assert set(content["seeds"]) == {"1", "2"}
    assert (out / "seed-1" / "twin" / "model.keras").stat().st_mtime_ns == before
    assert content["pooled"]["twin"]["seeds"] == [1, 2]
    assert content["paired"]["twin - paper"]["photos"] == 2 * (SMALL.test_depressed + SMALL.test_not_depressed)


def test_seed_whose_second_network_is_missing_is_shown_with_one(out):
    (out / "seed-1" / "paper" / "evaluation.json").rename(out / "seed-1" / "paper" / "away.json")
    content = reproduce(out, [2], SMALL)
    assert set(content["seeds"]["1"]) == {"twin"}
    assert content["paired"]["twin - paper"]["seeds"] == [2]
    (out / "seed-1" / "paper" / "away.json").rename(out / "seed-1" / "paper" / "evaluation.json")
