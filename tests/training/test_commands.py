"""The commands as a person types them, on drawn faces: one run through crops, fit, evaluate and export."""

import json

import keras
import numpy as np
import pytest

from serving.contract.model import Evidence
from serving.repository import ModelRepository
from tests.support.keras_warnings import KERAS_COPIES
from training.__main__ import COMMANDS, main
from training.architectures import ARCHITECTURES

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]


def build_brightness(size, norm):
    """A network that can only tell bright from dark, quick to trace."""
    crop = keras.Input((size, size, 3), dtype="uint8")
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(crop))
    return keras.Model(crop, keras.layers.Dense(1, activation="sigmoid")(norm(momentum=0.5)(x)))


@pytest.fixture(scope="module")
def architecture():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, "brightness", build_brightness)
        yield "brightness"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    options = ["--photos", "40", "--photos-per-subject", "1", "--size", "160", "--workers", "1", "--quiet"]
    assert main(["synthesize", "--out", str(folder), *options]) == 0
    return folder


@pytest.fixture(scope="module")
def run(data, architecture, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    options = ["--arch", architecture, "--epochs", "2", "--processes", "1", "--learning-rate", "0.1"]
    assert main(["fit", "--data", str(data), "--out", str(folder), *options]) == 0
    return folder


def test_fit_leaves_everything_that_export_needs(run):
    names = {path.name for path in run.iterdir()}
    assert {
        "run.json",
        "split.json",
        "history.csv",
        "curves.png",
        "model.keras",
        "evaluation.json",
        "confusion.png",
    } <= names
    description = json.loads((run / "run.json").read_text())
    assert description["recipe"]["architecture"] == "brightness"
    assert sum(description["photos"].values()) + len(description["refused"]) == 40


def test_evaluating_again_gives_the_same_figures(run, capsys):
    before = (run / "evaluation.json").read_text()
    assert main(["evaluate", "--run", str(run)]) == 0
    assert (run / "evaluation.json").read_text() == before
    assert "held out:" in capsys.readouterr().out


def test_reversed_model_is_not_published_and_leaves_nothing_behind(run, tmp_path, capsys):
    reversed_run = tmp_path / "run"
    reversed_run.mkdir()
    for path in run.iterdir():
        (reversed_run / path.name).write_bytes(path.read_bytes())
    set_head(reversed_run, towards_no_depression=False)
    assert main(["export", "--run", str(reversed_run), "--repository", str(tmp_path / "models")]) == 1
    assert "polarity is reversed" in capsys.readouterr().err
    assert ModelRepository(tmp_path / "models").list() == ()


def test_drawn_data_are_demo_evidence_whatever_is_asked(run, tmp_path, capsys):
    options = ["--evidence", Evidence.SITE_VALIDATED, "--training-data", "Our patients."]
    assert main(["export", "--run", str(run), "--repository", str(tmp_path), *options]) == 1
    assert "always 'demo'" in capsys.readouterr().err


def set_head(folder, *, towards_no_depression):
    """Make the last layer answer by brightness, on the side that the held-out labels call for or on the other."""
    model = keras.saving.load_model(folder / "model.keras")
    evaluation = json.loads((folder / "evaluation.json").read_text())
    flip = (evaluation["auroc"] >= 0.5) != towards_no_depression
    head = model.layers[-1]
    kernel, bias = head.get_weights()
    head.set_weights([-kernel, -bias] if flip else [kernel, bias])
    model.save(folder / "model.keras")


def test_comparison_sets_networks_side_by_side_and_keeps_finished_runs(data, architecture, tmp_path, capsys):
    options = ["--arch", architecture, "--epochs", "1", "--processes", "1"]
    assert main(["compare", "--data", str(data), "--out", str(tmp_path), *options]) == 0
    first = (tmp_path / "comparison.json").read_text()
    capsys.readouterr()
    assert main(["compare", "--data", str(data), "--out", str(tmp_path), *options]) == 0
    assert "finished before, kept" in capsys.readouterr().out
    assert (tmp_path / "comparison.json").read_text() == first
    assert {path.suffix for path in tmp_path.glob("comparison.*")} == {".json", ".md", ".png"}


@pytest.mark.parametrize("command", ["crops", "fit", "compare"])
def test_folder_without_manifest_is_a_sentence_and_status_1(command, tmp_path, capsys):
    out = [] if command == "crops" else ["--out", str(tmp_path / "out")]
    assert main([command, "--data", str(tmp_path), *out]) == 1
    said = capsys.readouterr().err
    assert "manifest.csv" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_folder_without_a_run_is_a_sentence_and_status_1(command, tmp_path, capsys):
    repository = ["--repository", str(tmp_path / "models")] if command == "export" else []
    assert main([command, "--run", str(tmp_path), *repository]) == 1
    assert "python -m training" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert "--" in capsys.readouterr().out


def test_split_with_a_planted_leak_fails_the_run(run, data, architecture, tmp_path, capsys):
    split = json.loads((run / "split.json").read_text())
    split["subjects"]["test"].append(split["subjects"]["train"][0])
    (tmp_path / "split.json").write_text(json.dumps(split))
    assert main(["fit", "--data", str(data), "--out", str(tmp_path), "--arch", architecture]) == 1
    assert "stand in both train and test" in capsys.readouterr().err


def test_crops_of_the_run_are_uint8(run, data):
    del run
    array = np.load(data / "crops" / "shard-00000.npy", mmap_mode="r")
    assert array.dtype == np.uint8
    assert array.shape[1:] == (128, 128, 3)
