"""The commands as a person types them, on drawn faces: one run through crops, fit, evaluate and export."""

import json
import shutil
import zipfile

import keras
import numpy as np
import pytest

from serving.contract.errors import ContractInvalid
from serving.contract.model import Evidence
from serving.repository import ModelRepository, RepositoryError
from tests.support.keras_warnings import KERAS_COPIES
from training.__main__ import COMMANDS, main
from training.architectures import ARCHITECTURES
from training.commands.evaluate import open_data
from training.commands.shared import run_safely
from training.errors import ExportRefused
from training.runs import Run

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]


def build_brightness(size, norm):
    """A network that sees patches and no places, quick to trace; its feature map is what `explain` needs."""
    crop = keras.Input((size, size, 3), dtype="uint8")
    x = keras.layers.Conv2D(4, 8, 4, activation="relu")(keras.layers.Rescaling(1 / 255)(crop))
    x = keras.layers.GlobalAveragePooling2D()(x)
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
    assert description["subjects_known"] is True
    assert sum(description["photos"].values()) + len(description["refused"]) == 40


def test_evaluating_again_gives_the_same_figures(run, capsys):
    before = (run / "evaluation.json").read_text()
    assert main(["evaluate", "--run", str(run)]) == 0
    assert (run / "evaluation.json").read_text() == before
    assert "held out:" in capsys.readouterr().out


def test_reversed_model_is_not_published_and_leaves_nothing_behind(run, tmp_path, capsys, monkeypatch):
    _, parts, _ = open_data(Run(run))
    labels = np.array([photo.label for photo in parts["test"]], np.float32)
    # The hold-out's answers, turned round; the witnesses that an export draws are asked of the model itself.
    monkeypatch.setattr("training.commands.export.score_stored", lambda _model, _store, _paths: labels)
    assert main(["export", "--run", str(run), "--repository", str(tmp_path / "models")]) == 1
    assert "held-out p_no_depression is 1.000 for label 1" in capsys.readouterr().err
    assert ModelRepository(tmp_path / "models").list() == ()


def test_model_at_chance_is_published_as_one_that_knows_nothing(run, tmp_path):
    chance = tmp_path / "run"
    shutil.copytree(run, chance)
    model = keras.saving.load_model(chance / "model.keras")
    head = model.layers[-1]
    kernel, bias = head.get_weights()
    # Not 0: a map of what decides would be the same everywhere, which is refused.
    head.set_weights([1e-3 * np.abs(kernel) + 1e-3, 0.0 * bias])
    model.save(chance / "model.keras")
    assert main(["evaluate", "--run", str(chance)]) == 0
    assert main(["export", "--run", str(chance), "--repository", str(tmp_path / "models")]) == 0
    assert ModelRepository(tmp_path / "models").contract(1).knows_nothing


def test_wrong_model_name_is_a_sentence_and_status_1(run, tmp_path, capsys):
    assert main(["export", "--run", str(run), "--repository", str(tmp_path), "--model-name", "a/b"]) == 1
    assert "a/b" in capsys.readouterr().err


def test_drawn_data_are_demo_evidence_whatever_is_asked(run, tmp_path, capsys):
    options = ["--evidence", Evidence.SITE_VALIDATED, "--training-data", "Our patients."]
    assert main(["export", "--run", str(run), "--repository", str(tmp_path), *options]) == 1
    assert "always 'demo'" in capsys.readouterr().err


def test_comparison_sets_networks_side_by_side_and_keeps_finished_runs(
    data, architecture, tmp_path, capsys, monkeypatch
):
    options = ["--arch", architecture, "--epochs", "1", "--processes", "1"]
    assert main(["compare", "--data", str(data), "--out", str(tmp_path), *options]) == 0
    first = (tmp_path / "comparison.json").read_text()
    capsys.readouterr()
    assert main(["compare", "--data", str(data), "--out", str(tmp_path), *options]) == 0
    assert "trained before by the same recipe" in capsys.readouterr().out
    assert (tmp_path / "comparison.json").read_text() == first
    assert {path.suffix for path in tmp_path.glob("comparison.*")} == {".json", ".md", ".png"}
    compared = tmp_path / architecture
    before = json.loads((compared / "evaluation.json").read_text())
    assert main(["evaluate", "--run", str(compared)]) == 0
    assert json.loads((compared / "evaluation.json").read_text()) == before
    monkeypatch.setattr("training.commands.export.publish_version", refuse_by_name)
    assert main(["export", "--run", str(compared), "--repository", str(tmp_path / "models")]) == 1
    assert f"candidate {architecture}" in capsys.readouterr().err


def refuse_by_name(candidate, _repository):
    message = f"candidate {candidate.architecture}"
    raise ExportRefused(message)


@pytest.mark.parametrize("damage", ["missing", "cut off", "another archive"])
@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_model_file_that_cannot_be_read_is_a_sentence(*, command, damage, run, tmp_path, capsys):
    damaged = tmp_path / "run"
    shutil.copytree(run, damaged)
    model = damaged / "model.keras"
    if damage == "missing":
        model.unlink()
    elif damage == "cut off":
        model.write_bytes(model.read_bytes()[:1000])
    else:
        with zipfile.ZipFile(model, "w") as archive:
            archive.writestr("notes.txt", "no model")
    repository = ["--repository", str(tmp_path / "models")] if command == "export" else []
    assert main([command, "--run", str(damaged), *repository]) == 1
    assert "model.keras cannot be read as a model" in capsys.readouterr().err


def test_description_of_an_earlier_release_is_a_sentence(run, tmp_path, capsys):
    description = json.loads((run / "run.json").read_text())
    del description["data"]
    (tmp_path / "run.json").write_text(json.dumps(description))
    assert main(["evaluate", "--run", str(tmp_path)]) == 1
    assert "run.json lacks data" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("change", "seed", "said"),
    [
        ({}, 2, "drawn with --seed 1, not 2"),
        ({"data_digest": "of other data"}, 1, "other subjects or labels"),
        ({"data_digest": None}, 1, "does not say which data"),
    ],
)
@pytest.mark.parametrize("command", ["fit", "compare"])
def test_stale_split_is_refused_before_training(
    *, command, change, seed, said, run, data, architecture, tmp_path, capsys
):
    split = json.loads((run / "split.json").read_text())
    (tmp_path / "split.json").write_text(json.dumps(split | change))
    options = ["--arch", architecture, "--seed", str(seed)]
    assert main([command, "--data", str(data), "--out", str(tmp_path), *options]) == 1
    assert said in capsys.readouterr().err
    assert not list(tmp_path.rglob("model.keras"))


def test_run_whose_data_have_changed_is_not_evaluated(run, tmp_path, capsys):
    changed = tmp_path / "run"
    shutil.copytree(run, changed)
    split = json.loads((run / "split.json").read_text())
    (changed / "split.json").write_text(json.dumps(split | {"data_digest": "of other data"}))
    assert main(["evaluate", "--run", str(changed)]) == 1
    assert "other subjects or labels" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option",
    [("--epochs", "0"), ("--batch-size", "0"), ("--minutes", "-1"), ("--minutes", "nan"), ("--processes", "x")],
)
def test_number_out_of_range_is_refused_by_the_parser(option, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["fit", "--data", str(tmp_path), "--out", str(tmp_path), *option])
    assert stopped.value.code == 2
    assert f"argument {option[0]}: {option[1]!r} is not a" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (PermissionError(13, "Permission denied", "photos"), 1, "photos: Permission denied"),
        (RepositoryError("the repository refused"), 1, "the repository refused"),
        (ContractInvalid("no contract"), 1, "no contract"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_error_of_a_command_is_one_line_and_a_status(error, status, said, capsys):
    def fail():
        raise error

    assert run_safely(fail) == status
    written = capsys.readouterr().err
    assert said in written
    assert written.count("\n") == 1


def test_crops_of_the_run_are_uint8(run, data):
    del run
    array = np.load(data / "crops" / "shard-00000.npy", mmap_mode="r")
    assert array.dtype == np.uint8
    assert array.shape[1:] == (128, 128, 3)
