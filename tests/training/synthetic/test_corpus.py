import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from training.__main__ import main
from training.synthetic.corpus import AGE_BANDS, SKIN_TONES, CorpusError, CorpusPlan, _groups, plan_photo, write_corpus
from training.synthetic.parameters import flatten, parameter_names

PLAN = CorpusPlan(photos=20, photos_per_subject=3, seed=5, size_pixels=64)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, PLAN, workers=1, progress=False)
    return folder


def read_files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_manifest(folder):
    return list(csv.DictReader(io.StringIO((folder / "manifest.csv").read_text())))


def test_any_number_of_workers_writes_the_same_files(corpus, tmp_path):
    write_corpus(tmp_path, PLAN, workers=2, progress=False)
    assert read_files(tmp_path) == read_files(corpus)


def test_an_interrupted_run_is_completed_and_damaged_photos_are_drawn_again(corpus, tmp_path):
    write_corpus(tmp_path, PLAN, workers=1, progress=False)
    whole = read_files(corpus)
    (tmp_path / "photos/000003.jpg").unlink()
    (tmp_path / "photos/000004.jpg").write_bytes(whole["photos/000004.jpg"][:900])
    (tmp_path / "photos/000005.jpg").write_bytes(whole["photos/000006.jpg"])
    (tmp_path / "manifest.csv").unlink()
    kept = (tmp_path / "photos/000007.jpg").stat().st_mtime_ns
    write_corpus(tmp_path, PLAN, workers=1, progress=False)
    assert read_files(tmp_path) == whole
    assert (tmp_path / "photos/000007.jpg").stat().st_mtime_ns == kept


def test_a_folder_of_another_plan_is_not_mixed_up(corpus):
    before = read_files(corpus)
    with pytest.raises(CorpusError, match="holds another data set"):
        write_corpus(corpus, CorpusPlan(photos=20, photos_per_subject=3, seed=6, size_pixels=64), progress=False)
    assert read_files(corpus) == before


def test_the_manifest_names_every_photo_with_all_parameters(corpus):
    rows = read_manifest(corpus)
    assert len(rows) == PLAN.photos
    leading = ["path", "subject_id", "label", "severity", "weaker_side", "label_posterior"]
    groups = ["age_band", "skin_tone", "source", "device"]
    assert list(rows[0]) == leading + groups + list(parameter_names())
    for index, row in enumerate(rows):
        with Image.open(corpus / row["path"]) as image:
            assert image.size == (64, 64)
        planned = plan_photo(PLAN, index)
        assert row["label"] == str(planned.subject.latent.label)
        assert float(row["severity"]) == pytest.approx(planned.subject.latent.severity, abs=1e-6)
        assert 0.0 <= float(row["label_posterior"]) <= 1.0
        for name, value in flatten(planned.parameters).items():
            assert (
                row[name] == str(value)
                if isinstance(value, (str, int))
                else float(row[name]) == pytest.approx(value, rel=1e-4, abs=1e-9)
            )


def test_groups_follow_from_the_drawn_parameters():
    planned = [plan_photo(CorpusPlan(photos=60, photos_per_subject=1, seed=4), index) for index in range(60)]
    for photo in planned:
        age_band, skin_tone, source, device = _groups(photo.parameters)
        assert AGE_BANDS.index(age_band) == int(photo.parameters.identity.age * 3)
        assert SKIN_TONES.index(skin_tone) == int(photo.parameters.identity.skin_depth * 4)
        assert source == "drawn"
        assert (device == "grey") == photo.parameters.view.grey
    assert {_groups(photo.parameters)[3] for photo in planned} == {"colour", "grey"}


def test_finished_data_set_gets_a_new_manifest_and_keeps_its_photos(corpus, tmp_path):
    write_corpus(tmp_path, PLAN, workers=1, progress=False)
    (tmp_path / "manifest.csv").write_text("path,subject_id,label\n")  # of an earlier release, with fewer columns
    drawn = (tmp_path / "photos/000000.jpg").stat().st_mtime_ns
    write_corpus(tmp_path, PLAN, workers=1, progress=False)
    assert read_files(tmp_path) == read_files(corpus)
    assert (tmp_path / "photos/000000.jpg").stat().st_mtime_ns == drawn


def test_photos_of_a_subject_share_looks_severity_and_label_but_not_the_view(corpus):
    rows = read_manifest(corpus)
    assert len({row["subject_id"] for row in rows}) == PLAN.subjects == 7
    for subject_id in {row["subject_id"] for row in rows}:
        photos = [row for row in rows if row["subject_id"] == subject_id]
        shared = [name for name in photos[0] if name.startswith("identity.")] + ["label", "severity", "weaker_side"]
        assert all(len({row[name] for row in photos}) == 1 for name in shared)
        for name in ("view.yaw_degrees", "view.light_azimuth_degrees", "cues.lid_droop_left"):
            assert len({row[name] for row in photos}) == len(photos)


def test_looks_and_view_do_not_know_the_label():
    planned = [plan_photo(CorpusPlan(photos=1500, photos_per_subject=1, seed=9), index) for index in range(1500)]
    severity = np.array([photo.subject.latent.severity for photo in planned])
    flat = [flatten(photo.parameters) for photo in planned]
    for name in parameter_names():
        values = np.array([row[name] for row in flat])
        if name.startswith("cues.") or values.dtype.kind not in "fi" or values.std() == 0:
            continue
        # 5 standard errors: about one false alarm in 30,000 such test runs.
        assert abs(np.corrcoef(values, severity)[0, 1]) < 5 / np.sqrt(len(planned)), name


def test_the_summary_says_how_hard_the_task_is_and_whose_assumption_it_is(corpus):
    summary = json.loads((corpus / "synthesis.json").read_text())
    assert summary["complete"] is True
    assert 0.85 <= summary["bayes_accuracy"] <= 0.92
    assert summary["largest_droop"] <= 0.06
    assert "assumption" in summary["assumption"]
    with Image.open(corpus / "contact_sheet.jpg") as sheet:
        assert sheet.size == (8 * 160, 160)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--photos", "0"], "at least 1"),
        (["--photos", "3", "--size", "20"], "cannot be drawn"),
        (["--photos", "3", "--workers", "many"], "neither auto nor a number"),
    ],
)
def test_a_wrong_wish_is_answered_with_a_sentence(tmp_path, capsys, words, sentence):
    assert main(["synthesize", "--out", str(tmp_path / "data"), "--quiet", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_the_command_draws_a_data_set_and_says_what_it_is(tmp_path, capsys):
    words = ["synthesize", "--out", str(tmp_path), "--photos", "4", "--size", "64", "--workers", "1", "--quiet"]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert "4 photos of 1 drawn people" in printed.out
    assert "assumption" in printed.out
    assert len(read_manifest(tmp_path)) == 4


def test_synthesize_needs_no_tensorflow():
    program = (
        "import sys; sys.modules['tensorflow'] = None; sys.modules['keras'] = None\n"
        "import training.__main__, training.synthetic.synthesize\n"
        "assert not [name for name in sys.modules if name.startswith(('tensorflow.', 'keras.', 'sklearn'))]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
