"""Faults planted in a data set are each caught with a message that says what is wrong (issue 3, bar 3)."""

import csv
import dataclasses
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from training.commands.shared import draw_or_load_split
from training.data.crops import make_crops
from training.data.manifest import GROUP_COLUMNS, Photo, read_manifest
from training.data.split import SPLIT_NAMES, Split, draw_split
from training.errors import ManifestInvalid, SplitLeaks
from training.export.drawn import draw_photo

from training.__main__ import main  # isort: skip

SUBJECTS = 12


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Twelve drawn faces, one of each subject, half of them said to be depressed; with their crops."""
    folder = tmp_path_factory.mktemp("drawn")
    for number in range(SUBJECTS):
        (folder / f"{number:02d}.jpg").write_bytes(draw_photo(100 + number, 192))
    write(folder, photos())
    make_crops(folder, read_manifest(folder), folder / "crops", processes=1, quiet=True)
    return folder


@pytest.fixture
def data(drawn, tmp_path):
    """A copy to plant a fault in; the file times are kept, and with them the crops."""
    return shutil.copytree(drawn, tmp_path / "data")


def photos(**changes):
    return [Photo(f"{number:02d}.jpg", f"s{number:02d}", number % 2, **changes) for number in range(SUBJECTS)]


def write(folder, rows, **columns):
    with (folder / "manifest.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["path", "subject_id", "label", *GROUP_COLUMNS, *columns])
        for place, row in enumerate(rows):
            groups = [getattr(row, name) for name in GROUP_COLUMNS]
            lines.writerow(
                [row.path, row.subject_id, row.label, *groups, *(values[place] for values in columns.values())]
            )


def inspect(folder, capsys, *options):
    """Status, what was said on the error stream, findings by code."""
    status = main(["inspect", "--data", str(folder), "--processes", "1", *options])
    report = folder / "inspection"
    found = json.loads((report / "inspection.json").read_text())["findings"] if report.exists() else []
    return status, capsys.readouterr().err, {finding["code"]: finding for finding in found}


def test_data_without_a_fault_may_be_trained_on(data, capsys):
    status, said, found = inspect(data, capsys)
    assert (status, said) == (0, "")
    assert set(found) <= {"few_subjects", "small_subgroups"}
    page = (data / "inspection" / "inspection.html").read_text()
    assert "Nothing found forbids training" in page
    assert "http" not in page


def test_subject_in_two_splits_fails_the_run(data, tmp_path):
    store = make_crops(data, read_manifest(data), data / "crops", processes=1, quiet=True)
    split = draw_split(photos(), 1)
    split.save(tmp_path / "split.json")
    content = json.loads((tmp_path / "split.json").read_text())
    content["subjects"]["test"].append(content["subjects"]["train"][0])
    (tmp_path / "split.json").write_text(json.dumps(content))
    with pytest.raises(SplitLeaks, match="stand in both train and test"):
        draw_or_load_split(tuple(photos()), store, tmp_path / "split.json", 1)


def plant_copy(data, original, name):
    """The picture of `original` as another subject's photo, stored again."""
    with Image.open(data / original) as image:
        image.save(data / name, quality=88)
    return Photo(name, "stranger", 0)


def test_one_picture_in_two_splits_fails_the_run_and_a_new_split_keeps_it_together(data, tmp_path, capsys):
    stranger = plant_copy(data, "00.jpg", "copy.jpg")
    rows = (*photos(), stranger)
    write(data, rows)
    store = make_crops(data, rows, data / "crops", processes=1, quiet=True)
    drawn = draw_or_load_split(rows, store, tmp_path / "new.json", 1)
    side = {subject: name for name in SPLIT_NAMES for subject in drawn.subjects[name]}
    assert side["s00"] == side["stranger"]
    assert "share pictures" in capsys.readouterr().out
    subjects = {name: tuple(one for one in drawn.subjects[name] if one != "stranger") for name in SPLIT_NAMES}
    other = next(name for name in SPLIT_NAMES if name != side["s00"])
    subjects[other] = (*subjects[other], "stranger")
    Split(1, subjects, drawn.data_digest).save(tmp_path / "old.json")
    with pytest.raises(SplitLeaks, match=r"00\.jpg \(subject s00, .*copy\.jpg \(subject stranger, .*same subject_id"):
        draw_or_load_split(rows, store, tmp_path / "old.json", 1)


def test_one_picture_under_two_subjects_is_reported_with_both_photos(data, capsys):
    write(data, [*photos(), plant_copy(data, "00.jpg", "copy.jpg")])
    status, _, found = inspect(data, capsys)
    assert status == 0
    assert found["near_duplicates_across_subjects"]["examples"] == [["00.jpg", "copy.jpg"]]
    page = (data / "inspection" / "inspection.html").read_text()
    assert page.count('alt="photo 00.jpg"') == page.count('alt="photo copy.jpg"') == 1


def test_one_picture_with_two_labels_forbids_training(data, capsys):
    write(data, [*photos(), dataclasses.replace(plant_copy(data, "00.jpg", "copy.jpg"), label=1)])
    status, said, found = inspect(data, capsys)
    assert status == 1
    assert "once as depressed and once as not" in said
    assert found["one_picture_two_labels"]["rows"][0]["subjects"] == ["s00", "stranger"]


def test_class_folders_named_the_wrong_way_round_are_refused(data, capsys):
    (data / "manifest.csv").unlink()
    for number in range(SUBJECTS):
        folder = data / ("Healthy" if number % 2 else "Patients")
        folder.mkdir(exist_ok=True)
        (data / f"{number:02d}.jpg").rename(folder / f"{number:02d}.jpg")
    status, said, _ = inspect(data, capsys, "--depressed-folder", "Healthy", "--not-depressed-folder", "Patients")
    assert status == 1
    assert "class folders look swapped: Healthy is given for the depressed" in said
    status, said, found = inspect(data, capsys)
    assert (status, said) == (0, "")
    assert "subjects_unknown" in found


def test_labels_against_their_scores_are_refused_as_swapped(data, capsys):
    scores = [20 if number % 2 == 0 else 2 for number in range(SUBJECTS)]
    write(data, photos(), phq9=scores)
    status, said, found = inspect(data, capsys)
    assert status == 1
    assert "label and score disagree in 12 of 12 rows, so the labels look swapped" in said
    assert len(found["labels_swapped"]["rows"]) == SUBJECTS
    assert main(["crops", "--data", str(data)]) == 1
    assert "labels look swapped" in capsys.readouterr().err


def test_one_source_per_class_forbids_training(data, capsys):
    rows = [dataclasses.replace(row, source="clinic" if row.label else "web") for row in photos()]
    write(data, rows)
    status, said, found = inspect(data, capsys)
    assert status == 1
    assert "source alone tells the labels apart (Cramer's V" in said
    assert "clinic: 0 not depressed, 6 depressed" in found["confound_source"]["sentence"]


def test_one_camera_setting_per_class_forbids_training_though_no_column_says_so(data, capsys):
    for row in photos():
        if row.label:
            with Image.open(data / row.path) as image:
                image.load()
                image.resize((208, 208)).save(data / row.path, quality=60)
    status, said, found = inspect(data, capsys)
    assert status == 1
    assert found["confound_pixels"]["weight"] == "forbids"
    assert "pixels alone tells the labels apart" in said


def test_corrupt_and_useless_files_are_listed_with_their_reason(data, capsys):
    (data / "00.jpg").write_bytes((data / "00.jpg").read_bytes()[:2000])
    (data / "01.jpg").write_text("no photo")
    (data / "02.jpg").unlink()
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(data / "03.jpg")
    faces = Image.new("RGB", (384, 192))
    for place, name in enumerate(("04.jpg", "05.jpg")):
        with Image.open(data / name) as image:
            faces.paste(image, (192 * place, 0))
    faces.save(data / "04.jpg", quality=92)
    status, said, found = inspect(data, capsys)
    assert status == 1
    assert "The files of 1 listed photo(s) cannot be read" in said
    with (data / "inspection" / "bad_rows.csv").open(newline="") as file:
        listed = {row["path"]: row["code"] for row in csv.DictReader(file)}
    assert listed == {
        "00.jpg": "photo_unreadable",
        "01.jpg": "photo_unsupported",
        "02.jpg": "file_missing",
        "03.jpg": "no_face",
        "04.jpg": "several_faces",
    }
    assert {f"refused_{code}" for code in listed.values() if code != "file_missing"} <= set(found)
    assert main(["crops", "--data", str(data)]) == 1
    assert "1 photo(s) cannot be read: 02.jpg: No such file" in capsys.readouterr().err


def test_label_outside_its_range_is_refused_and_listed_with_its_line(data, capsys):
    write(data, [dataclasses.replace(row, label=2) if row.path == "03.jpg" else row for row in photos()])
    with pytest.raises(ManifestInvalid, match="line 5: label is '2'; it must be 0"):
        read_manifest(data)
    status, said, _ = inspect(data, capsys)
    assert status == 1
    assert "1 row(s) of manifest.csv cannot be used" in said
    assert "5,03.jpg,,bad_row,label is '2'" in (data / "inspection" / "bad_rows.csv").read_text()


def test_subject_with_both_labels_and_few_subjects_are_warned_of(data, capsys):
    rows = [dataclasses.replace(row, subject_id="s00") if row.path in ("00.jpg", "01.jpg") else row for row in photos()]
    write(data, rows)
    status, _, found = inspect(data, capsys)
    assert status == 0
    assert found["subjects_with_both_labels"]["examples"] == [["00.jpg", "01.jpg"]]
    assert found["few_subjects"]["weight"] == "warns"


def test_too_few_subjects_forbid_training(data, capsys):
    write(data, [row for row in photos() if row.label == 0 or row.path in ("01.jpg", "03.jpg")])
    status, said, _ = inspect(data, capsys)
    assert status == 1
    assert "Only 2 subject(s) with a usable photo are depressed" in said


def test_data_set_without_a_single_file_is_a_sentence(data, capsys):
    write(data, [Photo("absent.jpg", "s", 1)])
    status, said, _ = inspect(data, capsys)
    assert status == 1
    assert "lists no photo that can be read" in said


def test_report_shows_names_as_text(data, capsys):
    name = "<script>alert(1)</script>.jpg"
    image = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 9, 9)).save(image, "JPEG")
    folder = data / "sub"
    folder.mkdir()
    (data / name.replace("/", "")).write_bytes(image.getvalue())
    write(data, [*photos(), Photo(name.replace("/", ""), "x", 0)])
    inspect(data, capsys)
    assert "<script>" not in (data / "inspection" / "inspection.html").read_text()
