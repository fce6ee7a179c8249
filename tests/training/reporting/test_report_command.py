"""`python -m training report` on a run directory with a network that needs no training."""

import json

import keras
import pytest

from tests.support.keras_warnings import KERAS_COPIES
from tests.support.probe_data import SIZE, build_store, divide, noise_crops, plan_photos
from tests.support.report_data import DESCRIPTION
from tests.support.training_answers import noisy_answers
from training.__main__ import main
from training.data.split import SPLIT_NAMES, Split
from training.evaluation.baselines import ITSELF, NOT_GIVEN
from training.evaluation.evaluate import measure
from training.runs import Run, write_json

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]
WRITTEN = {"probes.json", "report.json", "report.html", "model_card.md", "datasheet.md"}
PHOTOS = plan_photos(subjects=40, per_subject=2)
PARTS = divide(PHOTOS)


def write_run(folder, architecture="twin", digest="digest"):
    """A finished run: a mean and a dense unit, never trained."""
    folder.mkdir()
    run = Run(folder)
    crop = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(crop))
    keras.Model(crop, keras.layers.Dense(1, activation="sigmoid")(mean)).save(run.model)
    run.write_description({**DESCRIPTION, "recipe": {"architecture": architecture, "seed": 1}})
    subjects = {name: tuple(sorted({photo.subject_id for photo in PARTS[name]})) for name in SPLIT_NAMES}
    Split(1, subjects, digest).save(run.split)
    write_json(run.evaluation, measure(noisy_answers(separation=2.0), 0.9))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report-data")
    (folder / "synthesis.json").write_text('{"assumption": "Drawn faces only.", "bayes_accuracy": 0.9}')
    return folder


@pytest.fixture(scope="module", autouse=True)
def _own_data(data):
    store = build_store(data / "crops", PHOTOS, noise_crops(len(PHOTOS)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.commands.report.open_data", lambda _run: (store, PARTS, data))
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("report-run") / "run")
    assert main(["report", "--run", str(folder)]) == 0
    return folder


def read(folder, name="report.json"):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_all_five_files_are_written_and_nothing_half_done(run):
    names = {path.name for path in run.iterdir()}
    assert names >= WRITTEN
    assert not [name for name in names if name.endswith(".tmp")]
    report = read(run)
    assert report["baselines"]["baselines"]["paper_cnn"]["verdict"] == NOT_GIVEN
    assert set(report["missing"]) >= {"training"}
    assert (run / "report.html").read_text(encoding="utf-8").count("<img") == len(report["examples"]) == 8


def test_examples_rise_in_severity_and_keep_no_place_of_a_photo(run):
    examples = read(run)["examples"]
    severities = [example["severity_ppm"] for example in examples]
    assert severities == sorted(severities)
    assert all("place" not in example for example in examples)


@pytest.mark.usefixtures("without_charts")
def test_without_probes_those_of_last_time_are_shown(run):
    before = read(run)
    assert main(["report", "--run", str(run), "--no-probes"]) == 0
    assert read(run) == before


def test_probes_of_another_model_are_not_shown(tmp_path, run, capsys):
    folder = write_run(tmp_path / "run")
    (folder / "probes.json").write_text((run / "probes.json").read_text())
    assert main(["report", "--run", str(folder), "--no-probes"]) == 1
    assert "another model" in capsys.readouterr().err
    assert not (folder / "report.json").exists()


@pytest.mark.usefixtures("without_charts")
def test_without_any_probes_the_page_names_them_as_missing(tmp_path):
    folder = write_run(tmp_path / "run")
    assert main(["report", "--run", str(folder), "--no-probes"]) == 0
    assert {"probes", "baselines", "corruptions", "examples"} <= set(read(folder)["missing"])


@pytest.mark.usefixtures("without_charts")
def test_paper_run_is_compared_with(tmp_path, run, monkeypatch):
    probes = read(run)["probes"]
    monkeypatch.setattr("training.commands.report.run_probes", lambda *_: probes)
    folder, paper = write_run(tmp_path / "run"), write_run(tmp_path / "paper", architecture="paper")
    assert main(["report", "--run", str(folder), "--paper-run", str(paper)]) == 0
    assert "accuracy_gain" in read(folder)["baselines"]["baselines"]["paper_cnn"]
    assert main(["report", "--run", str(paper)]) == 0
    assert read(paper)["baselines"]["baselines"]["paper_cnn"]["verdict"] == ITSELF


@pytest.mark.parametrize(
    ("architecture", "digest", "sentence"),
    [("twin", "digest", "wants one made with"), ("paper", "other data", "trained on another split")],
)
def test_run_that_is_no_fair_comparison_is_refused(tmp_path, capsys, architecture, digest, sentence):
    folder, other = write_run(tmp_path / "run"), write_run(tmp_path / "other", architecture, digest)
    assert main(["report", "--run", str(folder), "--paper-run", str(other)]) == 1
    assert sentence in capsys.readouterr().err


def test_paper_run_without_measuring_is_refused(tmp_path, capsys):
    folder = write_run(tmp_path / "run")
    assert main(["report", "--run", str(folder), "--paper-run", str(folder), "--no-probes"]) == 1
    assert "--no-probes" in capsys.readouterr().err
