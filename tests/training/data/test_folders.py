import pytest

from training.data.dataset import DataOptions, read_dataset
from training.data.folders import label_of_name
from training.data.manifest import Photo
from training.data.subjects import name_subjects
from training.errors import DataError, FoldersUnclear, LabelsSwapped, RunInvalid


def make(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"photo")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "depressed",
        "Depression",
        "DEPRESSED FACES",
        "MDD",
        "mdd-patients",
        "Patients",
        "1_depressed",
        "cases",
        "Depressed Group",
        "class depressed",
    ],
)
def test_usual_names_of_the_depressed_are_known(name):
    assert label_of_name(name) == 1


@pytest.mark.parametrize(
    "name",
    [
        "not_depressed",
        "Non-Depressed",
        "no depression",
        "Healthy",
        "healthy_controls",
        "control",
        "Normal",
        "HC",
        "0 normal",
    ],
)
def test_usual_names_of_the_others_are_known(name):
    assert label_of_name(name) == 0


@pytest.mark.parametrize(
    "name", ["happy", "positive", "negative", "a", "1", "train", "control_depressed", "not", "", "undecided", "class"]
)
def test_other_names_are_not_guessed(name):
    assert label_of_name(name) is None


def test_names_decide_against_the_alphabet(tmp_path):
    make(tmp_path, "Normal/a.jpg", "Patients/b.PNG", "crops/shard-00000.npy", "Normal/notes.txt", "Normal/._a.jpg")
    dataset = read_dataset(tmp_path, DataOptions())
    assert not dataset.subjects_known
    assert dataset.photos == (
        Photo("Normal/a.jpg", "Normal/a.jpg", 0),
        Photo("Patients/b.PNG", "Patients/b.PNG", 1),
    )


@pytest.mark.parametrize(
    "paths",
    [
        ["a/1.jpg", "b/1.jpg"],
        ["depressed/1.jpg", "happy/1.jpg"],
        ["depressed/1.jpg", "patients/1.jpg", "healthy/1.jpg"],
        ["depressed/1.jpg", "healthy/1.jpg", "maybe/1.jpg"],
        ["depressed/1.jpg"],
    ],
)
def test_unclear_folders_are_asked_for(tmp_path, paths):
    with pytest.raises(FoldersUnclear, match="--depressed-folder NAME --not-depressed-folder NAME"):
        read_dataset(make(tmp_path, *paths), DataOptions())


def test_named_folders_are_taken_whatever_else_is_there(tmp_path):
    make(tmp_path, "a/1.jpg", "b/1.jpg", "c/1.jpg")
    dataset = read_dataset(tmp_path, DataOptions(depressed_folder="b", not_depressed_folder="a"))
    assert [(photo.path, photo.label) for photo in dataset.photos] == [("a/1.jpg", 0), ("b/1.jpg", 1)]


@pytest.mark.parametrize(
    ("depressed", "not_depressed", "said"),
    [("b", None, "go together"), ("b", "x", "no folder x"), ("b", "../b", "no folder"), ("b", "b", "both classes")],
)
def test_wrong_folder_options_are_sentences(tmp_path, depressed, not_depressed, said):
    make(tmp_path / "data", "a/1.jpg", "b/1.jpg")
    with pytest.raises(FoldersUnclear, match=said):
        read_dataset(tmp_path / "data", DataOptions(depressed_folder=depressed, not_depressed_folder=not_depressed))


@pytest.mark.parametrize(("depressed", "not_depressed"), [("all", "all/b"), ("all/b", "all"), (".", "all/b")])
def test_folder_inside_the_other_class_is_refused(tmp_path, depressed, not_depressed):
    make(tmp_path, "all/1.jpg", "all/b/1.jpg")
    with pytest.raises(FoldersUnclear, match=r"all.* lies inside .*both labels"):
        read_dataset(tmp_path, DataOptions(depressed_folder=depressed, not_depressed_folder=not_depressed))


def test_name_against_its_class_is_refused_as_swapped(tmp_path):
    make(tmp_path, "healthy/1.jpg", "study/1.jpg")
    with pytest.raises(LabelsSwapped, match="look swapped: healthy is given for the depressed"):
        read_dataset(tmp_path, DataOptions(depressed_folder="healthy", not_depressed_folder="study"))


def test_folder_inside_a_class_is_the_source_or_the_subject(tmp_path):
    make(tmp_path, "depressed/clinic/2020/a.jpg", "depressed/b.jpg", "healthy/clinic/c.jpg")
    photos = read_dataset(tmp_path, DataOptions()).photos
    assert [(photo.source, photo.subject_id) for photo in photos] == [
        ("", "depressed/b.jpg"),
        ("clinic", "depressed/clinic/2020/a.jpg"),
        ("clinic", "healthy/clinic/c.jpg"),
    ]
    named = read_dataset(tmp_path, DataOptions(sub_folders="subject"))
    assert named.subjects_known
    assert [(photo.source, photo.subject_id) for photo in named.photos][1:] == [("", "clinic"), ("", "clinic")]


def test_photos_of_one_picture_become_one_subject(tmp_path):
    photos = read_dataset(make(tmp_path, "mdd/a.jpg", "mdd/b.jpg", "hc/c.jpg"), DataOptions()).photos
    named = name_subjects(photos, [("mdd/b.jpg", "hc/c.jpg")])
    assert [photo.subject_id for photo in named] == ["hc/c.jpg", "mdd/a.jpg", "hc/c.jpg"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (DataOptions(cutoff=10), "no manifest with a PHQ score"),
        (DataOptions(depressed_folder="x", not_depressed_folder="y"), "says which photo is of which class"),
    ],
)
def test_options_for_the_other_layout_are_refused(tmp_path, options, said):
    if options.cutoff is None:
        (tmp_path / "manifest.csv").write_text("path,subject_id,label\na.jpg,a,1\n")
    else:
        make(tmp_path, "mdd/a.jpg", "hc/c.jpg")
    with pytest.raises(DataError, match=said):
        read_dataset(tmp_path, options)


def test_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match="is not a folder"):
        read_dataset(tmp_path / "absent", DataOptions())


def test_options_come_back_from_a_run_and_unknown_ones_are_refused():
    options = DataOptions(
        cutoff=10, crop="whole", depressed_folder="a", not_depressed_folder="b", sub_folders="subject"
    )
    assert DataOptions.from_dict(options.as_dict()) == options
    assert DataOptions.from_dict({}) == DataOptions()
    with pytest.raises(RunInvalid, match="train into a new folder"):
        DataOptions.from_dict({"colour": "red"})
