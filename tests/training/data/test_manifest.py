import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training.data.manifest import Photo, parse_manifest, read_manifest
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
        ("path,subject_id\na.jpg,anna\n", r"no column label \(or phq8 or phq9\)"),
        ("path,subject_id,label,Label\na.jpg,anna,1,1\n", "column label twice"),
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


def test_all_bad_rows_are_counted_and_the_first_ten_named(tmp_path):
    rows = "".join(f"{number}.jpg,s{number},{number}\n" for number in range(14))
    with pytest.raises(
        ManifestInvalid, match=r"12 bad row.*line 4: .*line 13: .*and 2 more.*inspect` lists all"
    ) as said:
        read_manifest(write(tmp_path, "path,subject_id,label\n" + rows))
    assert "line 14" not in str(said.value)


def test_parquet_is_read_like_csv(tmp_path):
    table = {
        "Path": ["a.jpg", "b.jpg"],
        "Subject ID": [7, 8],
        "label": [1.0, None],
        "phq9": [None, 3],
        "sex": ["f", None],
    }
    pq.write_table(pa.table(table), tmp_path / "manifest.parquet")
    assert read_manifest(tmp_path, cutoff=10) == (
        Photo("a.jpg", "7", 1, sex="f"),
        Photo("b.jpg", "8", 0, score=3),
    )


def test_damaged_parquet_is_a_sentence(tmp_path):
    (tmp_path / "manifest.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(ManifestInvalid, match="cannot be read"):
        read_manifest(tmp_path)


def test_two_manifests_are_not_chosen_between(tmp_path):
    write(tmp_path, "path,subject_id,label\na.jpg,anna,1\n")
    (tmp_path / "manifest.parquet").write_bytes(b"")
    with pytest.raises(ManifestInvalid, match="has both"):
        read_manifest(tmp_path)


def test_score_becomes_a_label_from_the_stated_cut_off_on(tmp_path):
    write(tmp_path, "path,subject_id,PHQ-8,site\na.jpg,anna,10,north\nb.jpg,bert,9,south\n")
    assert read_manifest(tmp_path, cutoff=10) == (
        Photo("a.jpg", "anna", 1, score=10, site="north"),
        Photo("b.jpg", "bert", 0, score=9, site="south"),
    )
    with pytest.raises(ManifestInvalid, match=r"phq8 and no label; say .* --cutoff 10"):
        read_manifest(tmp_path)
    with pytest.raises(ManifestInvalid, match="--cutoff 25 is outside phq8"):
        read_manifest(tmp_path, cutoff=25)


@pytest.mark.parametrize(("scale", "largest"), [("phq8", 24), ("phq9", 27)])
def test_score_outside_its_range_is_refused(scale, largest, tmp_path):
    write(tmp_path, f"path,subject_id,{scale}\na.jpg,anna,{largest}\nb.jpg,bert,{largest + 1}\nc.jpg,cora,3.5\n")
    with pytest.raises(ManifestInvalid, match=f"2 bad row.*line 3: {scale} is '{largest + 1}'.* 0 to {largest}.*'3.5'"):
        read_manifest(tmp_path, cutoff=10)


def test_label_against_the_stated_cut_off_is_a_bad_row_and_else_only_noted(tmp_path):
    rows = "".join(f"{number}.jpg,s{number},1,15\n" for number in range(4))
    write(tmp_path, "path,subject_id,label,phq9\n" + rows + "e.jpg,emil,0,12\n")
    assert len(read_manifest(tmp_path)) == 5
    assert [row.line for row in parse_manifest(tmp_path / "manifest.csv").contradictions] == [6]
    with pytest.raises(ManifestInvalid, match=r"line 6: label is 0 but phq9 is 12 \(cut-off 10\)"):
        read_manifest(tmp_path, cutoff=10)


def test_missing_manifest_says_what_to_write(tmp_path):
    with pytest.raises(ManifestInvalid, match="one line per photo with path, subject_id, label"):
        read_manifest(tmp_path)
