import pytest

from training.data.manifest import Photo, read_manifest
from training.errors import ManifestInvalid


def write(folder, text):
    (folder / "manifest.csv").write_text(text, encoding="utf-8")
    return folder


def test_rows_are_read_and_further_columns_ignored(tmp_path):
    write(tmp_path, "note,path,subject_id,label\nhello,photos/a.jpg,anna,1\n,photos/b.jpg, bert ,0\n")
    assert read_manifest(tmp_path) == (Photo("photos/a.jpg", "anna", 1), Photo("photos/b.jpg", "bert", 0))


def test_byte_order_mark_of_spreadsheet_programs_is_accepted(tmp_path):
    write(tmp_path, "\ufeffpath,subject_id,label\na.jpg,anna,1\n")
    assert len(read_manifest(tmp_path)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,label\na.jpg,1\n", "no column subject_id"),
        ("path,subject_id,label\n", "lists no photo"),
        ("path,subject_id,label\na.jpg,anna,2\n", "line 2: label is '2'"),
        ("path,subject_id,label\na.jpg,anna,yes\n", "label is 'yes'"),
        ("path,subject_id,label\na.jpg,,1\n", "must not be empty"),
        ("path,subject_id,label\na.jpg,anna\n", "label is ''"),
        ("path,subject_id,label\na.jpg,anna,1\na.jpg,anna,1\n", "twice"),
        ("path,subject_id,label\n../a.jpg,anna,1\n", "inside the data folder"),
        ("path,subject_id,label\n/etc/a.jpg,anna,1\n", "inside the data folder"),
    ],
)
def test_wrong_manifest_is_refused_with_what_is_wrong(tmp_path, text, said):
    with pytest.raises(ManifestInvalid, match=said):
        read_manifest(write(tmp_path, text))


def test_missing_manifest_says_what_to_write(tmp_path):
    with pytest.raises(ManifestInvalid, match="one line per photo with path, subject_id, label"):
        read_manifest(tmp_path)
